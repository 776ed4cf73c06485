"""The models that `--model` names."""

from __future__ import annotations

from typing import Final

from comparison.errors import UnknownName
from models import catalog

ALL: Final = "all"


def models_of(text: str) -> tuple[str, ...]:
    """One model, several between commas, or the zoo's for `all`.

    UnknownName for one of several that does not exist; a single one is looked up where it is used.
    """
    known = catalog.names()
    if text == ALL:
        return tuple(filter(catalog.is_zoo, known))
    names = tuple(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))
    unknown = [name for name in names if name not in known]
    if len(names) > 1 and unknown:
        raise UnknownName(f"there is no model {unknown[0]!r}", f"there are: {', '.join(known)}; or {ALL}")
    return names or (text,)
