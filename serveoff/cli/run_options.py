"""The options of `serveoff run`, as texts and numbers: what they mean, `serveoff.cli.options` knows."""

from dataclasses import dataclass
from typing import Annotated

import typer

from serveoff.measure.plan.profiles import PROFILES
from serveoff.record.attached import LEAST_RATE, MOST_RATE
from serveoff.record.settings import MOST_SEED


@dataclass(frozen=True)
class RunOptions:
    """One run of each model that is named. None: as the profile says."""

    endpoints: Annotated[
        list[str] | None,
        typer.Argument(help="Endpoints or deployments, by name or pattern: 'flask-*' '*-grpc'. All, if none is named."),
    ] = None
    model: Annotated[
        str,
        typer.Option("--model", "-m", envvar="MODEL", help="A model, several (a,b,c), or all: the zoo, cheap first."),
    ] = "digits_cnn"
    profile: Annotated[str, typer.Option("--profile", "-p", envvar="PROFILE", help=" | ".join(PROFILES))] = "default"
    minutes: Annotated[
        float | None,
        typer.Option(envvar="MINUTES", min=0.5, max=1440, help="How long to measure. Default: the profile's."),
    ] = None
    duration: Annotated[
        float | None, typer.Option(min=0.05, max=600, help="Seconds of a slice that count, at least.")
    ] = None
    warmup: Annotated[
        float | None, typer.Option(min=0, max=60, help="Warm-up of each endpoint after each start, in seconds.")
    ] = None
    concurrency: Annotated[str | None, typer.Option("--concurrency", "-c", help="Closed-loop users: 1,4,16.")] = None
    rounds: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="Number of rounds, instead of a time limit and a race.")
    ] = None
    starts: Annotated[
        int | None, typer.Option(min=1, max=100, help="Starts of each contender; they share the rounds.")
    ] = None
    server_cpus: Annotated[
        str, typer.Option(envvar="SERVER_CPUS", help="Cores of the servers: 0 or 0-3. Default: the first.")
    ] = ""
    client_cpus: Annotated[
        str, typer.Option(envvar="CLIENT_CPUS", help="Cores of the load generator. Default: the next.")
    ] = ""
    threads: Annotated[
        int, typer.Option(min=1, max=1024, envvar="INTRA_OP_THREADS", help="Intra-op threads of every server.")
    ] = 1
    workers: Annotated[
        int, typer.Option(min=1, max=1024, envvar="WORKERS", help="Worker processes of every server.")
    ] = 1
    batch_size: Annotated[
        int, typer.Option(min=1, max=1024, envvar="BATCH_SIZE", help="Most rows of a server's batch; 1: off.")
    ] = 1
    batch_delay: Annotated[
        int, typer.Option(min=0, max=1000, envvar="BATCH_DELAY_MS", help="Milliseconds that a batch may wait to fill.")
    ] = 0
    vary: Annotated[
        list[str] | None,
        typer.Option(
            help="Also measure variants: workers=2,4 | batching=16 | threads=2 | intra_op=2 | defaults; @PATTERN."
        ),
    ] = None
    open_loop: Annotated[
        str | None,
        typer.Option("--open", help="Open-loop rates, % of the best closed-loop throughput: 50,80. 0: none."),
    ] = None
    objective: Annotated[
        str | None, typer.Option(help="Find the highest rate at which this holds: p99:10ms. none: do not search.")
    ] = None
    batches: Annotated[str | None, typer.Option(help="Rows per request, to measure batches: 8,32. 0: none.")] = None
    extra: Annotated[
        str | None, typer.Option(envvar="EXTRA", help="Further formats to measure: onnx,torch_export. none: no others.")
    ] = None
    payloads: Annotated[
        bool | None, typer.Option("--payloads/--no-payloads", help="Also measure each server's other encodings.")
    ] = None
    url: Annotated[
        list[str] | None,
        typer.Option(help="An endpoint that already runs: prod=http://HOST:8501/v1/models/MODEL. Two or more."),
    ] = None
    urls: Annotated[str | None, typer.Option(help="A TOML file of such endpoints: docs/attach.md.")] = None
    samples: Annotated[
        str | None, typer.Option(help="What they are sent: a .npz of inputs, or a .jsonl of request bodies.")
    ] = None
    ca_file: Annotated[str | None, typer.Option(help="PEM file of the authority behind their certificates.")] = None
    max_rate: Annotated[
        float | None, typer.Option(min=LEAST_RATE, max=MOST_RATE, help="Requests a second that each is sent at most.")
    ] = None
    yes_i_may_load: Annotated[
        list[str] | None, typer.Option(help="A host outside this network that you may load; 50 requests/s at most.")
    ] = None
    fail_if_slower: Annotated[
        str | None, typer.Option(help="Exit code 99 where another is slower than the first by more than this: 5%.")
    ] = None
    runtime: Annotated[str, typer.Option(envvar="RUNTIME", help="Where deployments run: local or docker.")] = "local"
    gpu: Annotated[
        bool, typer.Option("--gpu", envvar="GPU", help="Compute on a GPU; falling back to the CPU is INVALID.")
    ] = False
    together: Annotated[bool, typer.Option("--together", help="Keep all deployments awake, not one at a time.")] = False
    load_from: Annotated[str, typer.Option(help="Where Locust runs: host, or container (docker's default).")] = ""
    expect_workers: Annotated[
        int, typer.Option(min=0, max=1000, help="Load workers on other hosts to wait for: serveoff load-worker.")
    ] = 0
    master_bind_host: Annotated[str, typer.Option(help="Address at which load workers reach this run.")] = "127.0.0.1"
    master_bind_port: Annotated[int, typer.Option(min=1, max=65535, help="And its port.")] = 5557
    server_host: Annotated[
        str, typer.Option(help="Address of this machine that local servers listen on, for load workers to reach.")
    ] = "127.0.0.1"
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Seed of every random choice.")] = 1
    resume: Annotated[str | None, typer.Option(help="Finish an interrupted run: its id, or latest.")] = None
