"""A file format of the report each."""

from jinja2 import Environment, PackageLoader, StrictUndefined


def environment(autoescape: bool) -> Environment:
    """Jinja's for the report's templates: pages escape by themselves; Markdown does not, and has a filter for it."""
    return Environment(
        loader=PackageLoader("serveoff.report"),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
