"""One job on a model, in a process of its own: two frameworks, or TensorFlow 1 and 2, would clash in one.

    python -m serveoff.models.jobs export FORMAT SPEC MODEL_FOLDER
    python -m serveoff.models.jobs check FORMAT ARTIFACT_FOLDER SPEC GOLDEN_FOLDER
    python -m serveoff.models.jobs inspect SOURCE
    python -m serveoff.models.jobs answer SOURCE SPEC NAMES FOLDER NODE_FOLDER
    python -m serveoff.models.jobs convert STEP SOURCE_FOLDER TARGET_FOLDER SPEC

SOURCE, SPEC and NAMES are JSON. `serveoff.models.jobs.Jobs` starts it and reads its result.
"""

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from serveoff.models import convert, formats
from serveoff.models.agreement import agreement
from serveoff.models.frameworks.versions import installed
from serveoff.models.golden import Golden, read_golden, write_golden
from serveoff.models.importing import readers, samples
from serveoff.models.importing.answering import answers, tensors_of, with_scales
from serveoff.models.importing.kinds import find
from serveoff.models.importing.source import NAMING, Names, Source
from serveoff.models.jobs.child import Refused, answering, doing
from serveoff.models.manifest import size_bytes
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import rows_of
from serveoff.models.weights import read_weights


def export(format: str, spec: str, model_dir: str) -> dict[str, object]:
    """Write an artifact of the zoo below a model's folder; say which framework, and which version, wrote it."""
    folder, module = Path(model_dir) / format, formats.find(format)
    folder.mkdir()
    module.export(ModelSpec.model_validate_json(spec), read_weights(Path(model_dir)), folder)
    return _written(module, folder)


def inspect(source: str) -> dict[str, object]:
    """What a model's file says of its inputs and outputs."""
    return readers.opened(Source.model_validate_json(source)).found.model_dump()


def answer(source: str, spec: str, names: str, folder: str, node: str) -> dict[str, object]:
    """Complete the golden answers in a folder that has the inputs, and write the model as a node."""
    described, wanted = Source.model_validate_json(source), ModelSpec.model_validate_json(spec)
    inputs = samples.read(str(Path(folder) / samples.NAME))
    reader = readers.opened(described)
    chosen = described.fetch if described.kind in NAMING else ()
    answered = answers(reader, Names.model_validate_json(names), inputs, chosen)
    golden = samples.enough(Golden(inputs, answered.outputs))
    write_golden(Path(folder), golden)
    outputs = with_scales(tensors_of(answered.outputs, answered.names, reader.found), answered.outputs)
    complete = wanted.model_copy(update={"outputs": outputs, "one_row": answered.one_row})
    doing("it cannot be saved again")
    reader.adopt(Path(node), complete, answered.names)
    framework = find(described.kind).FRAMEWORK
    return {
        "outputs": [tensor.model_dump() for tensor in complete.outputs],
        "one_row": complete.one_row,
        "golden_rows": rows_of(golden.inputs),
        "parameters": reader.parameters,
        "trained_with": f"{framework} {installed(framework)}",
    }


def check(format: str, artifact: str, spec: str, golden: str) -> dict[str, object]:
    """Load an artifact as it is served, and compare its answers with the golden ones."""
    module = formats.find(format)
    doing("it fails on a golden row, loaded as it is served")
    described = ModelSpec.model_validate_json(spec)
    loaded = formats.load(format, Path(artifact), described)
    doing("it fails on the golden rows")
    found = agreement(loaded.predict, read_golden(Path(golden)), tensors=described.outputs)
    return {"agreement": asdict(found), **_written(module, Path(artifact))}


def convert_to(step: str, source: str, target: str, spec: str) -> dict[str, object]:
    """Carry out one step; Refused, with the reason and the operator, where it cannot be."""
    try:
        convert.run(step, Path(source), Path(target), ModelSpec.model_validate_json(spec))
    except convert.Unconvertible as error:
        raise Refused(error.reason, error.operator) from None
    return {}


def _written(module: formats.Format, artifact: Path) -> dict[str, object]:
    return {
        "framework": module.FRAMEWORK,
        "framework_version": installed(module.FRAMEWORK),
        "bytes": size_bytes(artifact / module.SERVED),
    }


JOBS: dict[str, Callable[..., dict[str, object]]] = {
    "export": export, "check": check, "inspect": inspect, "answer": answer, "convert": convert_to,
}  # fmt: skip


def main(arguments: list[str]) -> dict[str, object]:
    """Do one job."""
    job, *rest = arguments
    return JOBS[job](*rest)


if __name__ == "__main__":
    answering(main, sys.argv[1:])
