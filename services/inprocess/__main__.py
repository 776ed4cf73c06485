"""`python -m serveoff.services.inprocess`: load a runtime as the SERVING_* environment says, then obey commands.

Commands come as JSON lines on stdin, events leave as JSON lines on stdout, and nothing else does:

                                                       {"event": "ready", "device", "load_s", "framework", ...}
    {"command": "check", "format"}                     {"event": "checked", "answers_checked", "max_abs_error", ...}
    {"command": "answer", "seed"}                      {"event": "answered", "npz"}
    {"command": "measure", "duration_s"}               {"event": "measured", "requests", "duration_s", "start_s", ...}
    the end of stdin                                   exit code 0

"answer" draws inputs that are golden but for a part (serveoff.services.inprocess.crossing); `npz` is the base64 of
these and of the model's answers (serveoff.models.golden). The raw record comes with "measured": `start_s` and
`latency_s`, each the base64 of float64, one item per call; a container shares no folder with who asks. The model is
called in the quickest way that its format has, which is made when it is first needed. "measure" also takes `batch`, the
rows of a call (1), and `call`, another way to call the same model: `as_served`, or a name in
serveoff.models.formats.Loaded.calls. A command that cannot be obeyed gives {"event": "error", "error"}.
"""

import os
import sys
from base64 import b64encode
from collections.abc import Callable
from dataclasses import asdict
from time import perf_counter
from typing import Any, BinaryIO

import orjson

from serveoff.models import construction
from serveoff.models.formats import AS_SERVED, Predict
from serveoff.models.golden import Golden, packed, read_golden
from serveoff.models.isolation import claim_stdout
from serveoff.models.manifest import ArtifactError
from serveoff.models.tensors import join, rows_of, take, zeros
from serveoff.services.inprocess import floor
from serveoff.services.inprocess.crossing import crossed
from serveoff.services.runtimes import Runtime, load_runtime, null
from serveoff.services.settings import Settings, SettingsError
from serveoff.services.stopping import exit_on_sigterm

EXIT_UNUSABLE = 3
Event = dict[str, Any]


def main() -> int:
    """The exit code: 0 at the end of stdin, 3 for a setting or an artifact that is not usable."""
    exit_on_sigterm()
    events = os.fdopen(claim_stdout(), "wb", buffering=0)
    start = perf_counter()
    try:
        settings = Settings.from_env(os.environ)
        runtime = load_runtime(settings)
        golden = _golden(settings, runtime)
    except (SettingsError, ArtifactError) as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_UNUSABLE
    _emit(events, _ready(settings, runtime, perf_counter() - start))
    for line in sys.stdin.buffer:
        _emit(events, obey(line, runtime, golden))
    return 0


def obey(line: bytes, runtime: Runtime, golden: Golden) -> Event:
    """The event that answers one line."""
    try:
        command = orjson.loads(line)
        return COMMANDS[command["command"]](command, runtime, golden)
    except (ValueError, TypeError, KeyError, OSError) as error:
        return {"event": "error", "error": f"cannot obey {line.decode(errors='replace').strip()}: {error!r}"}


def check(command: Event, runtime: Runtime, golden: Golden) -> Event:
    """Run every golden input and compare; check with it what the framework is by construction."""
    agreement = floor.check(find_call(runtime), golden, runtime.spec.outputs)
    return {"event": "checked", **asdict(agreement), "checks": construction.check(command.get("format", ""))}


def answer(command: Event, runtime: Runtime, golden: Golden) -> Event:
    """Draw inputs that no server has seen, and give them with what the model answers, one row a call."""
    inputs = crossed(golden.inputs, runtime.spec.inputs, int(command["seed"]))
    call = find_call(runtime)
    outputs = join([call(take(inputs, [row])) for row in range(rows_of(inputs))])
    return {"event": "answered", "npz": b64encode(packed(Golden(inputs, outputs))).decode()}


def measure(command: Event, runtime: Runtime, golden: Golden) -> Event:
    """Run for `duration_s`, then compare the sample of answers that was kept."""
    batch, call = int(command.get("batch", 1)), command.get("call", "")
    if batch < 1:
        raise ValueError(f"a batch of {batch} rows")
    window = floor.measure(find_call(runtime, call), golden, float(command["duration_s"]), batch)
    agreement = floor.compare(window.kept, golden, batch, runtime.spec.outputs)
    return {
        "event": "measured",
        "requests": len(window.latency_s),
        "served": floor.WARM_CALLS + len(window.latency_s),
        "duration_s": window.duration_s,
        "start_s": b64encode(window.start_s.tobytes()).decode(),
        "latency_s": b64encode(window.latency_s.tobytes()).decode(),
        **asdict(agreement),
    }


def find_call(runtime: Runtime, name: str = "") -> Predict:
    """A way to call the model, by its name; the quickest without one."""
    if name and name != AS_SERVED:
        return runtime.calls[name]
    return runtime.predict if name or runtime.quickest is None else runtime.quickest()


COMMANDS: dict[str, Callable[[Event, Runtime, Golden], Event]] = {"check": check, "answer": answer, "measure": measure}


def _ready(settings: Settings, runtime: Runtime, load_s: float) -> Event:
    return {
        "event": "ready",
        "model": settings.model,
        "format": settings.format,
        "device": runtime.device,
        "executor": runtime.executor,
        "framework": runtime.framework,
        "framework_version": runtime.framework_version,
        "intra_op_threads": runtime.intra_op_threads,
        "load_s": load_s,
    }


def _golden(settings: Settings, runtime: Runtime) -> Golden:
    """The model's golden arrays; zeros for the null runtime, which answers zeros and needs no artifact."""
    if settings.format != null.FORMAT:
        return read_golden(settings.model_dir)
    inputs = zeros(runtime.spec.inputs)
    return Golden(inputs, runtime.predict(inputs))


def _emit(events: BinaryIO, event: Event) -> None:
    events.write(orjson.dumps(event) + b"\n")


if __name__ == "__main__":
    sys.exit(main())
