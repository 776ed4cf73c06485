"""Parameters that several commands share, and commands whose parameters are the fields of a dataclass."""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import typer

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Options = TypeVar("Options", bound="DataclassInstance")

Model = Annotated[
    str, typer.Option("--model", "-m", envvar="MODEL", help="A model of models/zoo/, or your own: serveoff import.")
]
RunName = Annotated[str, typer.Argument(help="A run's id or folder, or latest.")]


def of_fields(options: type[Options]) -> Callable[[Callable[[Options], None]], Callable[..., None]]:
    """Make a command of a function of one dataclass, whose fields become the command's parameters.

    The fields are `Annotated` as Typer wants its parameters; they must be declared in the order of the arguments.
    """
    hints = get_type_hints(options, include_extras=True)
    signature = inspect.Signature(
        [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if field.default is MISSING else field.default,
                annotation=hints[field.name],
            )
            for field in fields(options)
        ]
    )

    def decorate(function: Callable[[Options], None]) -> Callable[..., None]:
        def command(**given: Any) -> None:
            function(options(**given))

        command.__name__, command.__doc__ = function.__name__, function.__doc__
        command.__signature__ = signature  # type: ignore[attr-defined]
        command.__annotations__ = hints
        return command

    return decorate
