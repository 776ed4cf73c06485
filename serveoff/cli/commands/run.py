"""`serveoff run`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from serveoff.cli import options
from serveoff.cli.models_chosen import ALL, models_of
from serveoff.cli.parameters import of_fields
from serveoff.cli.run_options import RunOptions
from serveoff.cli.terminal import console
from serveoff.errors import ExitCode
from serveoff.measure import run_lifecycle
from serveoff.measure.plan.variants import parse_variation
from serveoff.record.suite import load_suite


@of_fields(RunOptions)
def run(asked: RunOptions) -> None:
    """Compare endpoints: cold start, agreement gate, warm-up, measured windows in interleaved rounds, report.

    Several models have one run and one report each, and a summary across them; that exits with 0 where any of them gave
    a VALID point.

    An interrupted run keeps all it measured: `serveoff report latest` shows it,
    `serveoff run --resume latest` finishes it.
    """
    if asked.resume is not None:
        folder = run_lifecycle.find_run(asked.resume)
        run_lifecycle.check_resumable(folder)
        run_lifecycle.prepare_again(folder, console)
        _carry_out(folder)
        return
    requests = [replace(_request(asked), model=name) for name in models_of(asked.model)]
    if len(requests) > 1:
        _carry_out_all(requests, cheap_first=asked.model == ALL)
        return
    run_lifecycle.check(requests[0])
    run_lifecycle.prepare(requests[0], console)
    _carry_out(run_lifecycle.begin(requests[0]))


def _request(asked: RunOptions) -> run_lifecycle.Request:
    return run_lifecycle.Request(
        model=asked.model,
        profile_name=asked.profile,
        profile=options.profile_of(
            asked.profile,
            window_s=asked.duration,
            warmup_s=asked.warmup,
            rounds=asked.rounds,
            until_clear=asked.until_clear,
            concurrencies=options.numbers(asked.concurrency, 1024),
            open_shares=options.shares(asked.open_loop),
            batches=options.numbers(asked.batches, 256),
            wanted=asked.objective,
            payloads=asked.payloads,
            cold_starts=asked.cold_starts,
        ),
        variations=None if asked.vary is None else tuple(map(parse_variation, asked.vary)),
        batch_size=asked.batch_size,
        batch_delay_ms=asked.batch_delay,
        endpoints=tuple(asked.endpoints or ()),
        runtime=asked.runtime,
        seed=asked.seed,
        server_cpus=asked.server_cpus,
        client_cpus=asked.client_cpus,
        intra_op_threads=asked.threads,
        workers=asked.workers,
        device="cuda" if asked.gpu else "cpu",
        load_from=asked.load_from,
        load_workers=asked.load_workers,
        together=asked.together,
    )


def _carry_out(folder: Path) -> None:
    from serveoff.report.write import write_report

    try:
        run_lifecycle.carry_out(folder, console)
    except KeyboardInterrupt:
        console.print(f"interrupted; all that was measured is kept in {folder}", style="yellow", highlight=False)
        if not load_suite(folder).complete:
            console.print(f"finish it with: serveoff run --resume {folder.name}", highlight=False)
        write_report(folder, (), console)
        sys.exit(ExitCode.INTERRUPTED)
    if not write_report(folder, (), console):
        console.print("no endpoint has a VALID point; the report says why for each", style="red")
        sys.exit(ExitCode.NOTHING_VALID)


def _carry_out_all(requests: Sequence[run_lifecycle.Request], cheap_first: bool) -> None:
    """One run per model and the summary of them; it is a success where any of them has a VALID point."""
    from serveoff.cli.campaign import run_all

    done = run_all(requests, cheap_first, console)
    if done.interrupted:
        sys.exit(ExitCode.INTERRUPTED)
    if not done.valid:
        console.print("no model has a VALID point; what went wrong is above, and in the reports", style="red")
        sys.exit(ExitCode.NOTHING_VALID)
