"""How templates are read: a name that is not given is an error, and tags leave no empty lines."""

from __future__ import annotations

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined


def environment(*packages: str, autoescape: bool) -> Environment:
    """Jinja's environment for the templates of these packages, the first that has one.

    Pages escape by themselves; Markdown does not, and has a filter for it.
    """
    return Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in packages]),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
