"""Every model there is: those of the zoo, and those that were imported into the artifacts' folder."""

import os

from serveoff.models import zoo
from serveoff.models.manifest import MANIFEST_NAME, ArtifactError, Manifest, read_manifest
from serveoff.models.spec import ModelSpec, artifacts_root, is_model_name, model_dir


def is_zoo(model: str) -> bool:
    """Whether it is a model of models/zoo, which can be trained and exported here."""
    return model in zoo.names()


def load_spec(model: str) -> ModelSpec:
    """The spec of a model, without importing a framework; ArtifactError where there is no such model.

    A zoo model has one before it is exported; an imported one has it in its manifest.
    """
    if is_zoo(model):
        return zoo.load_spec(model)
    return imported(model).spec


def imported(model: str) -> Manifest:
    """The manifest of an imported model; ArtifactError where there is none."""
    if not is_model_name(model) or not os.path.isfile(model_dir(model) / MANIFEST_NAME):
        known = ", ".join(names())
        raise ArtifactError(f"there is no model {model!r}: there are {known}", "`serveoff import` brings your own")
    return read_manifest(model_dir(model))


def names() -> list[str]:
    """The zoo's models, then the imported ones, each in the order of the alphabet.

    ArtifactError where the folder of the imported ones cannot be read.
    """
    root = artifacts_root()
    try:
        folders = sorted(os.listdir(root))
    except (FileNotFoundError, NotADirectoryError):
        return zoo.names()
    except OSError as error:
        hint = "name another folder: SERVEOFF_ARTIFACTS=FOLDER"
        raise ArtifactError(f"cannot read {root}: {error.strerror}", hint) from None
    models = (name for name in folders if is_model_name(name) and not is_zoo(name))
    return [*zoo.names(), *(name for name in models if os.path.isfile(root / name / MANIFEST_NAME))]


def layers(model: str) -> tuple[str, ...]:
    """The layers whose output can be asked for in a dynamic format, in order; an imported model names none."""
    return zoo.layers(model) if is_zoo(model) else ()


def no_layers(model: str) -> str:
    """Why a model has no layers to ask for, in a sentence; empty for one that has."""
    if layers(model):
        return ""
    if is_zoo(model):
        return f"models/zoo/{model} has no named layers"
    return "an imported model has no named layers"
