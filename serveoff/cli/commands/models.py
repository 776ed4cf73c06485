"""Commands on models: `serveoff export`, `verify` and `import`."""

from typing import Annotated

import typer

from serveoff.cli.parameters import Model
from serveoff.errors import ArtifactFailure
from serveoff.measure.artifacts import check_name, run_models


def export(
    model: Model = "digits_cnn",
    force: Annotated[bool, typer.Option(help="Export even if nothing has changed.")] = False,
) -> None:
    """Train the model and export it to every format, unless nothing has changed."""
    run_models("export", model, *(["--force"] if force else []))


def verify(model: Model = "digits_cnn") -> None:
    """Check every artifact against the golden outputs, each in a fresh process."""
    check_name(model)
    run_models("verify", model)


def import_model(
    source: Annotated[
        str, typer.Argument(metavar="MODEL", help="A file, a SavedModel's folder, or package.module:factory.")
    ],
    name: Annotated[str, typer.Option(help="Its name: lower-case letters, digits and _.")],
    kind: Annotated[
        str, typer.Option(help="keras, savedmodel, frozen_graph, torchscript, torch or onnx. Default: detected.")
    ] = "",
    weights: Annotated[str, typer.Option(help="Weights of a PyTorch module: .safetensors or a state_dict.")] = "",
    input_: Annotated[
        list[str] | None, typer.Option("--input", help="An input that the file leaves open: image:float32[-1,28,28,1].")
    ] = None,
    inputs: Annotated[str, typer.Option(help="Input tensors of a frozen graph: a,b.")] = "",
    outputs: Annotated[
        str, typer.Option(help="Output tensors of a frozen graph, or names for PyTorch's outputs.")
    ] = "",
    signature: Annotated[str, typer.Option(help="Signature of a SavedModel.")] = "serving_default",
    samples: Annotated[str, typer.Option(help="An .npz file with one array per input. Default: seeded inputs.")] = "",
    input_range: Annotated[list[str] | None, typer.Option(help="Range of a seeded input: tokens=0:29999.")] = None,
    rows: Annotated[int, typer.Option(help="Golden rows, 16 to 64. Default: depends on the row's size.")] = 0,
    timeout: Annotated[
        float, typer.Option(help="Time limit, in seconds, of each process that reads or converts the model.")
    ] = 600,
    force: Annotated[bool, typer.Option(help="Replace an existing model of that name.")] = False,
) -> None:
    """Bring your own model: convert it to every format it can have, and check each against the model's own answers."""
    from serveoff.models.importing.errors import ImportFailed
    from serveoff.models.importing.request import parse_request

    try:
        request = parse_request(
            source,
            name,
            kind=kind,
            weights=weights,
            declared=input_ or (),
            feed=inputs,
            fetch=outputs,
            signature=signature,
            samples=samples,
            ranges=input_range or (),
            rows=rows,
            timeout_s=timeout,
            force=force,
        )
    except ImportFailed as error:
        raise ArtifactFailure(error.problem.text, error.problem.advice) from None
    run_models("import", request.model_dump_json())
