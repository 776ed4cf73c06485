"""Manifests as the command writes them, read back."""

import yaml
from typer.testing import CliRunner

from serveoff.cli.app import app


def invoke(*arguments):
    return CliRunner().invoke(app, ["manifests", "kubernetes", *map(str, arguments)])


def write(folder, *arguments, model="digits_cnn"):
    """Every object of the folder; an error of the command is raised here."""
    done = invoke(model, *arguments, "--out", folder)
    if done.exception is not None:
        raise done.exception
    return read(folder)


def read(folder):
    files = sorted(path for path in folder.rglob("*.yaml") if path.name != "kustomization.yaml")
    return [document for path in files for document in yaml.safe_load_all(path.read_text())]


def find(objects, kind, name):
    (found,) = [o for o in objects if (o["kind"], o["metadata"]["name"]) == (kind, name)]
    return found


def pods(objects):
    """The pod of every object that has one, by the object's name."""
    found = {}
    for o in objects:
        spec = o.get("spec", {})
        pod = spec.get("template", {}).get("spec") or (spec if o["kind"] == "Pod" else None)
        if pod:
            found[o["metadata"]["name"]] = pod
    return found
