"""How templates are read: a name that is not given is an error, and tags leave no empty lines."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined


def environment(autoescape: bool) -> Environment:
    """Jinja's environment for the report's templates.

    Pages escape by themselves; Markdown does not, and has a filter for it.
    """
    return Environment(
        loader=PackageLoader("serveoff.report"),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
