"""The command line of models: `python -m serveoff.models export`, `verify` and `import`.

Exit codes: 0 done, 2 wrong usage, 3 a model or artifact that is not usable, 10 a full disk or a folder that cannot be
used, 130 interrupted, 129, 131 and 143 ended by SIGHUP, SIGQUIT and SIGTERM.
"""

import argparse
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from serveoff.models import interrupts
from serveoff.models.isolation import fix_folders
from serveoff.models.jobs.terminal import Terminal
from serveoff.models.jobs.visible import visible
from serveoff.models.manifest import ArtifactError
from serveoff.models.spec import artifacts_root

ARTIFACT_PROBLEM = 3
UNWRITABLE = 10
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        ignored = signal.getsignal(number) == signal.SIG_IGN  # a shell ignores SIGQUIT for what runs in its background
        if signal.getsignal(number) == signal.SIG_DFL or (ignored and number != signal.SIGHUP):  # as below `nohup`
            signal.signal(number, _terminate)
    interrupts.remember()
    fix_folders()
    try:
        options = _parser().parse_args(arguments)
        code: int = options.command(options)
        return code
    except ArtifactError as error:
        return _failed(error)
    except OSError as error:
        return _unwritable(error)
    except KeyboardInterrupt:
        return _interrupted()
    except Exception:
        if interrupts.struck():  # a library that was being imported made another error of it
            return _interrupted()
        raise


def _interrupted() -> int:
    print("interrupted: the model's folder is unchanged", file=sys.stderr)
    return INTERRUPTED


def _export(options: argparse.Namespace) -> int:
    from serveoff.models import catalog
    from serveoff.models.export import export_model
    from serveoff.models.manifest import read_manifest
    from serveoff.models.spec import model_dir

    if not catalog.is_zoo(options.model):
        catalog.imported(options.model)
        raise ArtifactError(
            f"{options.model} was imported: there is nothing to train",
            f"check it with verify {options.model}, or import its file again with --force",
        )
    exported = export_model(options.model, force=options.force)
    folder = model_dir(options.model)
    manifest = read_manifest(folder)
    Terminal().print(
        f"{options.model}: {'exported to' if exported else 'up to date in'} {folder} "
        f"({manifest.quality}, {manifest.parameters:,} weights, "
        f"{len(manifest.artifacts)} formats)",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    return 0


def _verify(options: argparse.Namespace) -> int:
    from serveoff.models.agreement import Agreement
    from serveoff.models.catalog import load_spec
    from serveoff.models.spec import model_dir
    from serveoff.models.verify import verify_model

    out = Terminal()

    def show(format: str, agreement: Agreement | None) -> None:
        if agreement is not None:
            verdict = "agrees" if agreement.ok else "DISAGREES"
            error, share = agreement.max_abs_error, agreement.worst_share
            out.print(
                f"{format:<14}{verdict}, max abs error {error:.1e} ({share:.1%} of what is allowed), "
                f"top-1 {agreement.top1:.0%}",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )

    load_spec(options.model)
    verify_model(model_dir(options.model), [options.format] if options.format else [], show)
    return 0


def _import(options: argparse.Namespace) -> int:
    from serveoff.models.importing.command import run
    from serveoff.models.importing.source import ImportRequest

    return run(ImportRequest.model_validate_json(options.request))


def _failed(error: ArtifactError) -> int:
    for line in visible(error.text).splitlines():
        print(line if line.startswith(" ") else f"error: {line}", file=sys.stderr)
    if error.remedy:
        print(f"  next: {visible(error.remedy)}", file=sys.stderr)
    return ARTIFACT_PROBLEM


def _unwritable(error: OSError) -> int:
    """A full disk, a read-only folder: an error that mostly names no file."""
    print(f"error: cannot use {error.filename or artifacts_root()}: {error.strerror or error}", file=sys.stderr)
    print("  next: free some space, or name another folder: SERVEOFF_ARTIFACTS=FOLDER", file=sys.stderr)
    return UNWRITABLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m serveoff.models", description="Train, export and verify models.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    export = commands.add_parser("export", help="train a model and export it to every format, if anything changed")
    export.add_argument("--force", action="store_true", help="export although nothing changed")
    export.set_defaults(command=_export)
    verify = commands.add_parser("verify", help="check every artifact against the golden answers")
    verify.add_argument("--format", help="check this format only")
    verify.set_defaults(command=_verify)
    export.add_argument("model", nargs="?", default="digits_cnn", help="a model of models/zoo (digits_cnn)")
    verify.add_argument(
        "model", nargs="?", default="digits_cnn", help="a model of models/zoo, or one that was imported"
    )
    importing = commands.add_parser("import", help="import a trained model: what `serveoff import` runs")
    importing.add_argument("request", help="as JSON: serveoff.models.importing.source.ImportRequest")
    importing.set_defaults(command=_import)
    return parser


def _terminate(number: int, frame: FrameType | None) -> None:
    """Unwind as after Ctrl-C, so that workers are stopped and temporary folders removed."""
    raise SystemExit(128 + number)


def _exit(code: int) -> NoReturn:
    """Leave with this code, even if an interrupt struck while some import was inside `exec`.

    CPython 3.11 remembers such an interrupt after it was handled, and would end by SIGINT instead of the code.
    """
    if code == INTERRUPTED:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    _exit(main())
