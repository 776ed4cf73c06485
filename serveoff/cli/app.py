"""The command line. Each command is a few lines: options in, one call, a few lines out."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from serveoff.cli import options
from serveoff.cli.models_chosen import ALL, models_of
from serveoff.errors import ExitCode, ServeoffError
from serveoff.interrupts import interruptible
from serveoff.measure import run_lifecycle
from serveoff.measure.artifacts import check_name, missing_formats, provide, run_models
from serveoff.measure.plan.plan import PROFILES
from serveoff.measure.plan.variants import parse_variation
from serveoff.record.results import ResultsError, load_suite
from serveoff.services.registry import RegistryError, settings

app = typer.Typer(
    name="serveoff",
    help="Serve one trained model in every way, load-test each endpoint fairly, and compare.",
    epilog="Begin with: serveoff run --profile quick   (it exports the model first)",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
console = Console(stderr=True)

Model = Annotated[
    str, typer.Option("--model", "-m", envvar="MODEL", help="A model of models/zoo/, or your own: serveoff import.")
]
Models = Annotated[
    str, typer.Option("--model", "-m", envvar="MODEL", help="A model, several (a,b,c), or all: the zoo, cheap first.")
]
Names = Annotated[
    list[str] | None,
    typer.Argument(help="Endpoints or deployments, by name or pattern: 'flask-*' '*-grpc'. All, if none is named."),
]
RunName = Annotated[str, typer.Argument(help="A run's id or folder, or latest.")]


@app.command()
def export(model: Model = "digits_cnn", force: Annotated[bool, typer.Option(help="Export anew.")] = False) -> None:
    """Train the model and export it to every format; at once when nothing changed."""
    run_models("export", model, *(["--force"] if force else []))


@app.command()
def verify(model: Model = "digits_cnn") -> None:
    """Check every artifact against the golden outputs, each in a fresh process."""
    check_name(model)
    run_models("verify", model)


@app.command("import")
def import_(
    source: Annotated[
        str, typer.Argument(metavar="MODEL", help="A file, a SavedModel's folder, or package.module:factory.")
    ],
    name: Annotated[str, typer.Option(help="What to call it: small letters, digits and _.")],
    kind: Annotated[
        str, typer.Option(help="keras, savedmodel, frozen_graph, torchscript, torch or onnx, where it cannot be told.")
    ] = "",
    weights: Annotated[str, typer.Option(help="Of a PyTorch module: .safetensors, or a state_dict.")] = "",
    input_: Annotated[
        list[str] | None, typer.Option("--input", help="What the file does not say: image:float32[-1,28,28,1].")
    ] = None,
    inputs: Annotated[str, typer.Option(help="Of a frozen graph: the tensors to feed, a,b.")] = "",
    outputs: Annotated[
        str, typer.Option(help="Of a frozen graph: the tensors to fetch; of PyTorch: what to call the outputs.")
    ] = "",
    signature: Annotated[str, typer.Option(help="Of a SavedModel.")] = "serving_default",
    samples: Annotated[
        str, typer.Option(help="An .npz file of inputs, an array per input. Default: seeded ones.")
    ] = "",
    input_range: Annotated[list[str] | None, typer.Option(help="Of seeded inputs: tokens=0:29999.")] = None,
    rows: Annotated[int, typer.Option(help="Golden rows, 16 to 64. Default: by the row's size.")] = 0,
    timeout: Annotated[float, typer.Option(help="Seconds for each process that reads or converts the model.")] = 600,
    force: Annotated[bool, typer.Option(help="Replace the model of that name.")] = False,
) -> None:
    """Bring your own model: convert it to every format it can have, and check each against the model's own answers."""
    from serveoff.cli.import_command import Flags, run_import

    values = {"name": name, "kind": kind, "weights": weights, "inputs": inputs, "outputs": outputs, "samples": samples}
    numbers = {"signature": signature, "rows": str(rows), "timeout": str(timeout)}
    run_import(source, Flags({**values, **numbers}, {"input": input_ or [], "input-range": input_range or []}, force))


@app.command("list")
def list_(model: Model = "digits_cnn") -> None:
    """List the deployments of the registry and the endpoints of each, and what the model cannot be served as."""
    check_name(model)
    missing = missing_formats(model)
    table = Table("deployment", "server", "format", "endpoints", box=None, header_style="bold")
    for deployment in run_lifecycle.registry_for(model):
        names = "  ".join(endpoint.name for endpoint in deployment.endpoints)
        reason = missing.get(deployment.format)
        last = f"none: {escape(reason)}" if reason else names
        table.add_row(deployment.name, deployment.server, deployment.format, last)
    Console().print(table)


@app.command()
def serve(
    deployment: Annotated[str, typer.Argument(help="A deployment, as `serveoff list` names it.")],
    model: Model = "digits_cnn",
    rest_port: Annotated[int, typer.Option(help="REST port; 0: the one that docker-compose.yml publishes.")] = 0,
    grpc_port: Annotated[int, typer.Option(help="gRPC port; 0: the one that docker-compose.yml publishes.")] = 0,
) -> None:
    """Serve one deployment on 127.0.0.1, in the foreground, for your own client or Locust. Ctrl-C ends it."""
    from serveoff.measure.serve_forever import servable, serve_forever

    check_name(model)
    found = servable(deployment, model)
    provide(model)
    wanted = {name: port for name, port in (("rest", rest_port), ("grpc", grpc_port)) if port}
    serve_forever(found, model, wanted, console)


@app.command()
def run(
    endpoints: Names = None,
    model: Models = "digits_cnn",
    profile: Annotated[str, typer.Option("--profile", "-p", envvar="PROFILE", help=" | ".join(PROFILES))] = "default",
    duration: Annotated[float | None, typer.Option(min=0.2, max=600, help="Seconds per measured window.")] = None,
    warmup: Annotated[float | None, typer.Option(min=0, max=60, help="Seconds of warm-up of each visit.")] = None,
    concurrency: Annotated[str | None, typer.Option("--concurrency", "-c", help="Closed-loop users: 1,4,16.")] = None,
    rounds: Annotated[int | None, typer.Option(min=1, max=100, help="Visits of every endpoint.")] = None,
    until_clear: Annotated[
        bool | None,
        typer.Option(
            "--until-clear/--all-rounds",
            help="End once latency, throughput and cost are clear. Default: the profile's; with --rounds, all.",
        ),
    ] = None,
    server_cpus: Annotated[
        str, typer.Option(envvar="SERVER_CPUS", help="Cores of the server, as 0 or 0-3. Default: the first.")
    ] = "",
    client_cpus: Annotated[
        str, typer.Option(envvar="CLIENT_CPUS", help="Cores of the load generator. Default: the next.")
    ] = "",
    threads: Annotated[
        int, typer.Option(min=1, envvar="INTRA_OP_THREADS", help="Intra-op threads of every server.")
    ] = 1,
    workers: Annotated[int, typer.Option(min=1, envvar="WORKERS", help="Worker processes of every server.")] = 1,
    batch_size: Annotated[
        int, typer.Option(min=1, max=1024, envvar="BATCH_SIZE", help="Server batching: rows at most; 1: off.")
    ] = 1,
    batch_delay: Annotated[
        int, typer.Option(min=0, max=1000, envvar="BATCH_DELAY_MS", help="Milliseconds that a batch may wait to fill.")
    ] = 0,
    vary: Annotated[
        list[str] | None,
        typer.Option(help="Variants too: workers=2,4 | batching=16 | threads=2 | intra_op=2 | defaults; @PATTERN."),
    ] = None,
    open_loop: Annotated[
        str | None, typer.Option("--open", help="Open-loop rates, % of the closed loop's best: 50,80. 0: none.")
    ] = None,
    objective: Annotated[
        str | None, typer.Option(help="Find the highest rate at which this holds: p99:10ms. none: do not search.")
    ] = None,
    batches: Annotated[str | None, typer.Option(help="Rows of a request, to measure batches: 8,32. 0: none.")] = None,
    cold_starts: Annotated[
        int | None, typer.Option(min=1, max=100, help="Cold starts of every deployment that may rank.")
    ] = None,
    payloads: Annotated[
        bool | None, typer.Option("--payloads/--no-payloads", help="Measure each server's other encodings.")
    ] = None,
    runtime: Annotated[str, typer.Option(envvar="RUNTIME", help="Where deployments run: local or docker.")] = "local",
    gpu: Annotated[
        bool, typer.Option("--gpu", envvar="GPU", help="Compute on a GPU; a CPU instead is INVALID.")
    ] = False,
    together: Annotated[
        bool, typer.Option("--together", help="Keep all deployments awake, not one at a time.")
    ] = False,
    load_from: Annotated[str, typer.Option(help="Where Locust runs: host, or container (docker's default).")] = "",
    load_workers: Annotated[int, typer.Option(min=0, help="Locust workers in containers of their own.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of every random choice.")] = 1,
    resume: Annotated[str | None, typer.Option(help="Finish an interrupted run: its id, or latest.")] = None,
) -> None:
    """Compare endpoints: cold start, agreement gate, warm-up, measured windows in interleaved rounds, report.

    Several models have one run and one report each, and a summary across them; that exits with 0 where any of them gave
    a VALID point.

    An interrupted run keeps all it measured: `serveoff report latest` shows it,
    `serveoff run --resume latest` finishes it.
    """
    if resume is not None:
        folder = run_lifecycle.find_run(resume)
        run_lifecycle.check_resumable(folder)
        run_lifecycle.prepare_again(folder, console)
    else:
        request = run_lifecycle.Request(
            model=model,
            profile_name=profile,
            profile=options.profile_of(
                profile,
                window_s=duration,
                warmup_s=warmup,
                rounds=rounds,
                until_clear=until_clear,
                concurrencies=options.numbers(concurrency, 1024),
                open_shares=options.shares(open_loop),
                batches=options.numbers(batches, 256),
                wanted=objective,
                payloads=payloads,
                cold_starts=cold_starts,
            ),
            variations=None if vary is None else tuple(map(parse_variation, vary)),
            batch_size=batch_size,
            batch_delay_ms=batch_delay,
            endpoints=tuple(endpoints or ()),
            runtime=runtime,
            seed=seed,
            server_cpus=server_cpus,
            client_cpus=client_cpus,
            intra_op_threads=threads,
            workers=workers,
            device="cuda" if gpu else "cpu",
            load_from=load_from,
            load_workers=load_workers,
            together=together,
        )
        if len(models := models_of(model)) > 1:
            _carry_out_all([replace(request, model=name) for name in models], cheap_first=model == ALL)
            return
        request = replace(request, model=models[0])
        run_lifecycle.check(request)
        run_lifecycle.prepare(request, console)
        folder = run_lifecycle.begin(request)
    _carry_out(folder)


@app.command()
def report(
    run: RunName = "latest",
    formats: Annotated[
        str, typer.Option("--format", "-f", help="Comma-separated: html,markdown,csv,json; tensorboard.")
    ] = "",
) -> None:
    """Render the report of a run again, from its raw rows."""
    _render(run_lifecycle.find_run(run), tuple(filter(None, formats.split(","))))


@app.command()
def compare(
    a: Annotated[str, typer.Argument(help="A run, or a baseline's file: what was before.")],
    b: Annotated[str, typer.Argument(help="A run, or a baseline's file: what is now.")] = "latest",
    threshold: Annotated[float, typer.Option(min=0, max=100, help="Percent slower that is still no regression.")] = 5,
    different_machines: Annotated[
        bool, typer.Option("--different-machines", help="Compare runs of different machines all the same.")
    ] = False,
) -> None:
    """Compare two runs, as Markdown; exit code 99 where one got slower by more than the noise and the threshold."""
    from serveoff.cli.compare import compare_runs

    if not compare_runs(a, b, threshold / 100, different_machines, Console()):
        sys.exit(ExitCode.REGRESSION)


@app.command()
def summary(
    runs: Annotated[list[str], typer.Argument(help="One run of each model: ids, folders, or latest.")],
    mixed: Annotated[
        bool, typer.Option("--mixed", help="Runs of different machines, profiles or settings all the same.")
    ] = False,
) -> None:
    """Set runs of several models side by side: how the ranking changes with cost, where the server stops mattering."""
    from serveoff.cli.summary import summarise

    summarise(runs, mixed, console)


@app.command()
def baseline(
    run: Annotated[str, typer.Argument(help="A run's id or folder, or latest.")],
    file: Annotated[Path, typer.Argument(help="Where to write it.")],
) -> None:
    """Store a run's figures in one small file, for `serveoff compare FILE RUN`."""
    from serveoff.cli.compare import store_baseline

    store_baseline(run, file)
    console.print(f"baseline: {file}", highlight=False, markup=False)


@app.command()
def runs() -> None:
    """List the runs in the results folder."""
    table = Table(Column("run", no_wrap=True), "model", "profile", "endpoints", "state", box=None, header_style="bold")
    for folder in run_lifecycle.list_runs():
        try:
            suite = load_suite(folder)
        except ResultsError as error:
            table.add_row(folder.name, "", "", "", f"unreadable: {error}")
            continue
        state = "complete" if suite.complete else "partial"
        settings = suite.settings
        table.add_row(suite.run_id, settings.model, settings.profile, str(len(suite.endpoints)), state)
    Console().print(table)


def main() -> None:
    """Run the command line; every failure a user can act on becomes one message and its own exit code."""
    try:
        with interruptible():
            # What `.env` says holds for every option that has a variable, as it does for Compose.
            os.environ.update(settings())
            app(prog_name="serveoff")
    except SystemExit as end:
        if end.code == ExitCode.INTERRUPTED:
            # An interrupt that struck inside `exec`, in some import, would otherwise end us by SIGINT (CPython 3.11).
            sys.stdout.flush()
            os._exit(ExitCode.INTERRUPTED)
        raise
    except RegistryError as error:
        _fail(str(error), "", ExitCode.REGISTRY)
    except ServeoffError as error:
        if error.told:
            sys.exit(error.exit_code)
        _fail(str(error), error.hint, error.exit_code)


def _carry_out(folder: Path) -> None:
    try:
        run_lifecycle.carry_out(folder, console)
    except KeyboardInterrupt:
        console.print(f"interrupted; all that was measured is kept in {folder}", style="yellow", highlight=False)
        if not load_suite(folder).complete:
            console.print(f"finish it with: serveoff run --resume {folder.name}", highlight=False)
        _render(folder, ())
        sys.exit(ExitCode.INTERRUPTED)
    if not _render(folder, ()):
        console.print("no endpoint has a VALID point; the report says why for each", style="red")
        sys.exit(ExitCode.NOTHING_VALID)


def _carry_out_all(requests: list[run_lifecycle.Request], cheap_first: bool) -> None:
    """One run per model and the summary of them; it is a success where any of them has a VALID point."""
    from serveoff.cli.campaign import run_all

    done = run_all(requests, cheap_first, console)
    if done.interrupted:
        sys.exit(ExitCode.INTERRUPTED)
    if not done.valid:
        console.print("no model has a VALID point; what went wrong is above, and in the reports", style="red")
        sys.exit(ExitCode.NOTHING_VALID)


def _render(folder: Path, formats: tuple[str, ...]) -> bool:
    """Write the report and print where it is; True where at least one point is VALID."""
    from serveoff.report.write import write_report

    return write_report(folder, formats, console)


def _fail(message: str, hint: str, code: int) -> None:
    console.print(f"error: {message}", style="red", highlight=False, markup=False)
    if hint:
        console.print(f"  next: {hint}", highlight=False, markup=False)
    sys.exit(code)
