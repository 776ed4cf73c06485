"""In analysis.json a thing that several parts of an analysis share stands once; elsewhere its key stands for it.

So the file has each endpoint's windows once and not once per mention, and what was one object is one again when read.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import astuple, dataclass
from typing import Annotated, Any, Final

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

Known = dict[tuple[str, Hashable], object]
"""What was read so far, by kind and key: the context of the validation."""


@dataclass(frozen=True)
class StoredOnce:
    """Pydantic's annotation of a field whose value stands elsewhere in the file, before it."""

    kind: str
    key: Callable[[Any], Hashable]

    def remember(self, things: Iterable[object], known: Known) -> None:
        """From now on these are found by their keys."""
        known.update({(self.kind, self.key(thing)): thing for thing in things})

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """As pydantic asks for it: written as the key, read by looking it up."""
        written = core_schema.plain_serializer_function_ser_schema(self.key)
        return core_schema.with_info_plain_validator_function(self._find, serialization=written)

    def _find(self, value: Any, info: ValidationInfo) -> object:
        return self.find(value, info.context or {})

    def find(self, value: Any, known: Known) -> object:
        """The thing of this key; ValueError where there is none."""
        key = tuple(value) if isinstance(value, list) else value
        try:
            return known[self.kind, key]
        except (KeyError, TypeError):
            raise ValueError(f"this file has no {self.kind} {value!r}") from None


@dataclass(frozen=True)
class NameOf:
    """Pydantic's annotation of a text that names a thing which stands elsewhere in the file, before it."""

    of: StoredOnce

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """As pydantic asks for it: a text, which is looked up where a file is read."""
        return core_schema.with_info_after_validator_function(self._known, handler(source))

    def _known(self, name: str, info: ValidationInfo) -> str:
        if info.context is not None:
            self.of.find(name, info.context)
        return name


SUITE: Final = StoredOnce("run", lambda suite: suite.run_id)
RESULT: Final = StoredOnce("result of an endpoint", lambda result: result.endpoint)
ENTRY: Final = StoredOnce("endpoint", lambda entry: entry.name)
DEPLOYMENT: Final = StoredOnce("deployment", lambda entry: entry.result.deployment)
POINT: Final = StoredOnce("point", lambda point: (point.endpoint, *astuple(point.load)))
EndpointName = Annotated[str, NameOf(ENTRY)]
DeploymentName = Annotated[str, NameOf(DEPLOYMENT)]
