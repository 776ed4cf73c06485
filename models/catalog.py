"""Every model there is: those of the zoo, and those that were imported into the artifacts' folder."""

from __future__ import annotations

import importlib.util

from models import zoo
from models.manifest import ArtifactError, Manifest, read_manifest
from models.spec import ModelSpec, artifacts_root, model_dir


def is_zoo(model: str) -> bool:
    """Whether it is a model of models/zoo, which can be trained and exported here."""
    return model.isidentifier() and importlib.util.find_spec(f"models.zoo.{model}") is not None


def load_spec(model: str) -> ModelSpec:
    """The spec of a model, without importing a framework; ArtifactError where there is no such model.

    A zoo model has one before it is exported; an imported one has it in its manifest.
    """
    if is_zoo(model):
        return zoo.load_spec(model)
    return imported(model).spec


def imported(model: str) -> Manifest:
    """The manifest of an imported model; ArtifactError where there is none."""
    try:
        return read_manifest(model_dir(model))
    except ArtifactError:
        known = ", ".join(names())
        raise ArtifactError(f"there is no model {model!r}: there are {known}; `serveoff import` brings your own") from None


def names() -> list[str]:
    """The zoo's models, then the imported ones, each in the order of the alphabet."""
    root = artifacts_root()
    folders = sorted(p.name for p in root.iterdir() if (p / "manifest.json").is_file()) if root.is_dir() else []
    return [*zoo.names(), *(name for name in folders if not is_zoo(name))]
