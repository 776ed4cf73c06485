"""Load what a format's module in models/formats loads, on the device and with the threads that were asked for.

What the formats of one framework share, its devices and threads, is one module here, found by the framework's
name. So the server, the floor and `verify` all run an artifact by the same code.
"""

import gc
import importlib
from dataclasses import dataclass
from pathlib import Path

from serveoff.models import formats
from serveoff.models.catalog import is_zoo, load_spec
from serveoff.models.formats import Loaded, one_row
from serveoff.models.frameworks.versions import installed
from serveoff.models.manifest import MANIFEST_NAME, read_manifest, verify_artifact
from serveoff.models.spec import FORMATS, ModelSpec
from serveoff.services.phases import announce
from serveoff.services.runtimes import null
from serveoff.services.settings import Settings, SettingsError

WARM_UP_CALLS = 20
"""TorchScript's profiling executor optimises during its first calls; TensorFlow allocates during its first."""


@dataclass(frozen=True, kw_only=True)
class Runtime(Loaded):
    """A loaded model, with its spec and what loaded it."""

    spec: ModelSpec
    framework: str
    framework_version: str


def load_runtime(settings: Settings) -> Runtime:
    """Load the artifact of `settings.format`, after its hash was verified, and run it until it is warm.

    With SERVING_WARMUP=0 it is not run. Each phase is announced (services/phases.py). Raises ArtifactError or
    SettingsError, each with the next action in its message. When it returns, the heap is frozen: the garbage collector
    would otherwise walk the framework's millions of objects during a request, which shows as 70 to 110 ms at the 99th
    percentile.
    """
    spec, folder = check(settings)
    runtime = _load_null(spec) if settings.format == null.FORMAT else _load(spec, folder, settings)
    announce("loaded")
    if settings.warmup:
        row = one_row(spec, folder)
        for _ in range(WARM_UP_CALLS):
            runtime.predict(row)
        announce("warmed")
    gc.collect()
    gc.freeze()
    return runtime


def check(settings: Settings) -> tuple[ModelSpec, Path]:
    """The model's spec and its artifact's path, after the artifact's hash was verified; imports no framework."""
    spec = _spec(settings)
    if settings.format == null.FORMAT:
        return spec, settings.model_dir
    if settings.format not in FORMATS:
        known = ", ".join((*FORMATS, null.FORMAT))
        raise SettingsError(f"SERVING_FORMAT is {settings.format!r}: use one of {known}")
    return spec, settings.model_dir / verify_artifact(settings.model_dir, settings.format).path


def _spec(settings: Settings) -> ModelSpec:
    """The model's spec: a zoo model's own, an imported one's from the folder that is served, wherever that lies."""
    if not is_zoo(settings.model) and (settings.model_dir / MANIFEST_NAME).is_file():
        manifest = read_manifest(settings.model_dir)
        if manifest.model == settings.model:
            return manifest.spec
    return load_spec(settings.model)


def choose_device(asked: str, has_gpu: bool) -> str:
    """`cpu` or `cuda:0`; SettingsError if a GPU was asked for and the framework sees none."""
    if asked == "cuda" and not has_gpu:
        raise SettingsError(
            "SERVING_DEVICE is cuda, but the framework sees no GPU: use auto or cpu, or give the process a GPU"
        )
    return "cuda:0" if has_gpu and asked != "cpu" else "cpu"


def _load(spec: ModelSpec, folder: Path, settings: Settings) -> Runtime:
    module = formats.find(settings.format)
    framework = importlib.import_module(f"{__name__}.{module.FRAMEWORK}")
    announce("imported")
    device = choose_device(settings.device, framework.has_gpu())
    if not settings.out_of_the_box:
        framework.limit_inter_op_threads()
    asked = {"threads": settings.intra_op_threads, "device": device, "precision": settings.precision}
    loaded = formats.load(settings.format, folder, spec, **asked)  # type: ignore[arg-type]
    version = installed(module.FRAMEWORK)
    return Runtime(**vars(loaded), spec=spec, framework=module.FRAMEWORK, framework_version=version)


def _load_null(spec: ModelSpec) -> Runtime:
    return Runtime(null.load(spec), "cpu", spec=spec, framework="none", framework_version="0")
