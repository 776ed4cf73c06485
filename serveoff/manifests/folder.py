"""Manifests on disk: as YAML, in a folder that holds nothing else."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml

from serveoff.errors import UsageError, writing_to
from serveoff.manifests.kubernetes import BASE, WINNER, Documents
from serveoff.manifests.pods import Manifest

HEAD: Final = "# Written by `serveoff manifests kubernetes`, and overwritten by it: change it in an overlay.\n"
OPTION: Final = "--out"


class _Dumper(yaml.SafeDumper):
    """Lists indented as people do it, and texts of several lines as blocks."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def write(folder: Path, documents: Documents) -> list[Path]:
    """Write every file, and remove those of ours that are no longer among them.

    UsageError where a file of somebody else's is in the way, NotWritten where the folder cannot be written to.
    """
    texts = {folder / path: dumped(objects) for path, objects in documents.items()}
    hint = f"name another folder: {OPTION} FOLDER"
    with writing_to(folder, hint):
        before = [path for place in (BASE, WINNER) for path in sorted((folder / place).glob("*.yaml"))]
        _refuse_foreign({*before, *(path for path in texts if path.exists())}, hint)
        for path in before:
            path.unlink()
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return list(texts)


def dumped(objects: Iterable[Manifest]) -> str:
    """One file: our head, and a document for each object."""
    return HEAD + yaml.dump_all(objects, Dumper=_Dumper, sort_keys=False, width=120)


def _refuse_foreign(paths: Iterable[Path], hint: str) -> None:
    for path in paths:
        if not path.is_file() or path.read_text(errors="replace")[: len(HEAD)] != HEAD:
            raise UsageError(f"{path} is in the way: serveoff did not write it", hint)
