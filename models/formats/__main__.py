"""One job on one artifact, in a process of its own: two frameworks, or TensorFlow 1 and 2, would clash in one.

    python -m serveoff.models.formats export|check FORMAT MODEL MODEL_DIR

`serveoff.models.workers` starts it and reads the JSON it prints as its last line. It ends when its parent does.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from serveoff.models import formats, zoo
from serveoff.models.agreement import agreement
from serveoff.models.frameworks.versions import installed
from serveoff.models.golden import read_golden
from serveoff.models.isolation import end_with_parent
from serveoff.models.manifest import ArtifactError, read_manifest, size_bytes
from serveoff.models.weights import read_weights


def export(format: str, model: str, model_dir: Path) -> dict[str, object]:
    """Write one artifact below a model's folder; say which framework, and which version, wrote it."""
    folder = model_dir / format
    folder.mkdir()
    module = formats.find(format)
    module.export(zoo.load_spec(model), read_weights(model_dir), folder)
    return {
        "framework": module.FRAMEWORK,
        "framework_version": installed(module.FRAMEWORK),
        "bytes": size_bytes(folder / module.SERVED),
    }


def check(format: str, model: str, model_dir: Path) -> dict[str, object]:
    """Load one artifact and compare its answers with the golden ones."""
    manifest = read_manifest(model_dir)  # not the catalog's: the folder may not be in its place yet
    loaded = formats.find(format).load(model_dir / manifest.artifacts[format].path, manifest.spec)
    return asdict(agreement(loaded.predict, read_golden(model_dir)))


def main(arguments: list[str]) -> int:
    """Do one job; 3 means that the artifact or the arguments are not usable."""
    end_with_parent()
    job, format, model, model_dir = arguments
    try:
        result = {"export": export, "check": check}[job](format, model, Path(model_dir))
    except (ArtifactError, OSError, ValueError, RuntimeError, KeyError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 3
    print(json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
