"""The models that `--model` names."""

from __future__ import annotations

from typing import Final

from serveoff.models import catalog

ALL: Final = "all"


def models_of(text: str) -> tuple[str, ...]:
    """One model, several between commas, or the zoo's for `all`. Whether they exist is asked where a run is checked."""
    if text == ALL:
        return tuple(filter(catalog.is_zoo, catalog.names()))
    return tuple(dict.fromkeys(name for part in text.split(",") if (name := part.strip()))) or (text,)
