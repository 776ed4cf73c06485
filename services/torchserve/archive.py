"""The model archive (.mar): the handler, and of the model's folder the manifest, the artifact and a golden row.

So a worker finds in its unpacked archive what our other servers find in the model's folder, and verifies and loads
it as they do.
"""

import tempfile
from pathlib import Path

from model_archiver.model_archiver import ModelArchiver
from model_archiver.model_archiver_config import ModelArchiverConfig
from model_archiver.model_archiver_error import ModelArchiverError

from serveoff.models.golden import GOLDEN_NAME, Golden, read_golden, write_golden
from serveoff.models.manifest import MANIFEST_NAME, ArtifactError
from serveoff.models.tensors import take

MODEL_VERSION = "1.0"
HANDLER = Path(__file__).with_name("handler.py")


def build_archive(model: str, artifact: Path, store: Path, temp: Path) -> Path:
    """Write `<store>/<model>.mar`; `artifact` lies in the model's folder, beside its manifest.

    The archive is stored, not compressed: weights do not compress, and the frontend unpacks it at every start.
    `temp` is a private folder: the archiver empties `<temp>/<model>` first, which instances must not share.
    ArtifactError where the archiver refuses the model.
    """
    files = store / "files"  # links: the archiver takes the contents of a folder with the folders in it
    files.mkdir()
    for path in (artifact, artifact.parent / MANIFEST_NAME):
        (files / path.name).symlink_to(path.resolve())
    if (artifact.parent / GOLDEN_NAME).is_file():
        write_golden(files, _first_row(read_golden(artifact.parent)))
    config = ModelArchiverConfig(
        model_name=model,
        handler=str(HANDLER),
        version=MODEL_VERSION,
        extra_files=str(files),
        export_path=str(store),
        archive_format="zip-store",
        force=True,
    )
    default_temp, tempfile.tempdir = tempfile.tempdir, str(temp)
    try:
        ModelArchiver.generate_model_archive(config)
    except ModelArchiverError as error:
        raise ArtifactError(f"torch-model-archiver refuses {artifact}: {error}") from None
    finally:
        tempfile.tempdir = default_temp
    return store / f"{model}.mar"


def _first_row(golden: Golden) -> Golden:
    """What a worker tries the model out with; a large model's others would only be unpacked at every start."""
    return Golden(take(golden.inputs, slice(1)), take(golden.outputs, slice(1)))
