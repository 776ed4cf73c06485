"""The command line: TensorFlow Serving's flags by their own names, and three of ours."""

from __future__ import annotations

import argparse
import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

TRUTHS = {"true": True, "1": True, "false": False, "0": False}


class UsageError(Exception):
    """A flag is unknown or its value is unusable; the text ends with the usage."""


def _flag(default: Any, help: str, *, ignored: bool = False) -> Any:
    return field(default=default, metadata={"help": help, "ignored": ignored})


def _threads() -> int:
    return 4 * len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Flags:
    """One field per flag, with TensorFlow Serving's defaults except where a comment says otherwise."""

    port: int = _flag(8500, "TCP port to listen on for the gRPC API. Disabled if zero.")
    grpc_socket_path: str = _flag("", "If non-empty, listen to a UNIX socket for the gRPC API on this path.")
    rest_api_port: int = _flag(0, "TCP port to listen on for the HTTP/REST API. Not exported if zero.")
    rest_api_num_threads: int = _flag(_threads(), "Threads for HTTP/REST API processing: 4 per CPU by default.")
    rest_api_timeout_in_ms: int = _flag(30000, "Timeout for HTTP/REST API calls.")
    rest_api_enable_cors_support: bool = _flag(False, "Enable CORS headers in the response.")
    model_name: str = _flag("default", "Name of the model (ignored if --model_config_file is set).")
    model_base_path: str = _flag("", "Folder of version directories (required without --model_config_file).")
    model_config_file: str = _flag("", "An ascii ModelServerConfig protobuf: several models, version policies.")
    model_config_file_poll_wait_seconds: int = _flag(0, "Seconds between polls of the config file. 0: once.")
    file_system_poll_wait_seconds: int = _flag(1, "Seconds between polls for new versions. 0: once. <0: never.")
    max_num_load_retries: int = _flag(5, "How often loading a model is retried after the first failure.")
    load_retry_interval_micros: int = _flag(60_000_000, "Microseconds between load retries.")
    allow_version_labels_for_unavailable_models: bool = _flag(False, "Allow unused labels for models not loaded yet.")
    enable_batching: bool = _flag(False, "Enable batching.")
    batching_parameters_file: str = _flag("", "An ascii BatchingParameters protobuf.")
    tensorflow_session_parallelism: int = _flag(0, "Threads of a TensorFlow session. 0: automatic.")
    tensorflow_intra_op_parallelism: int = _flag(0, "Threads within one operation. 0: automatic.")
    tensorflow_inter_op_parallelism: int = _flag(0, "Operations executed at the same time. 0: automatic.")
    saved_model_tags: str = _flag("serve", "Comma-separated tags of the MetaGraphDef to load.")
    grpc_max_threads: int = _flag(_threads(), "Threads for gRPC calls, and so the most at once: 4 per CPU by default.")
    grpc_channel_arguments: str = _flag("", "Comma-separated arguments for the gRPC server, name=value.")
    enable_signature_method_name_check: bool = _flag(False, "Check the method_name of a SignatureDef.")
    monitoring_config_file: str = _flag("", "An ascii MonitoringConfig protobuf.")
    version: bool = _flag(False, "Display the version.")
    num_load_threads: int = _flag(0, "Threads to load servables.", ignored=True)
    num_unload_threads: int = _flag(0, "Threads to unload servables.", ignored=True)
    flush_filesystem_caches: bool = _flag(True, "Flush filesystem caches after loading.", ignored=True)
    per_process_gpu_memory_fraction: float = _flag(0.0, "Share of the GPU's memory, 0 to 1.", ignored=True)
    enable_model_warmup: bool = _flag(True, "Replay the model's warm-up requests.", ignored=True)
    num_request_iterations_for_warmup: int = _flag(1, "Iterations of each warm-up request.", ignored=True)
    remove_unused_fields_from_bundle_metagraph: bool = _flag(True, "Save memory.", ignored=True)
    prefer_tflite_model: bool = _flag(False, "Prefer a TensorFlow Lite model.", ignored=True)
    enable_profiler: bool = _flag(True, "Enable the profiler service.", ignored=True)
    xla_cpu_compilation_enabled: bool = _flag(False, "Enable XLA on the CPU.", ignored=True)
    use_saved_model: bool = _flag(True, "Deprecated.", ignored=True)
    host: str = _flag("127.0.0.1", "Ours: the address to listen on (TensorFlow Serving: always 0.0.0.0).")
    rest_api_max_body_bytes: int = _flag(2**30, "Ours: a longer REST body is answered with 413.")
    grpc_max_message_bytes: int = _flag(2**30, "Ours: a longer gRPC message is refused (RESOURCE_EXHAUSTED).")

    def ignored(self) -> list[str]:
        """The flags that were set to something and that have no effect here."""
        fields = dataclasses.fields(self)
        return [f.name for f in fields if f.metadata["ignored"] and getattr(self, f.name) != f.default]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}\n{self.format_usage()}")


def parse(argv: Sequence[str]) -> Flags:
    """Read `--flag=value` and `--flag value`; UsageError names the first fault and lists the flags."""
    parser = _Parser(prog="tensorflow_model_server", allow_abbrev=False, add_help=False)
    for spec in dataclasses.fields(Flags):
        kind = KINDS[str(spec.type)]
        bare: dict[str, Any] = {"nargs": "?", "const": True} if kind is _truth else {}
        parser.add_argument(f"--{spec.name}", default=spec.default, type=kind, **bare)
    values, unknown = parser.parse_known_args(argv)
    if unknown:
        raise UsageError(f"unknown argument: {unknown[0]}\n{usage()}")
    flags = Flags(**vars(values))
    _check(flags)
    return flags


def usage() -> str:
    """Every flag with its type, default and meaning."""
    specs = dataclasses.fields(Flags)
    lines = [f"    --{spec.name}={spec.default!r:<12} {spec.type}\t{spec.metadata['help']}" for spec in specs]
    return "\n".join(["usage: python -m serveoff.services.tfserving.embedded", "Flags:", *lines])


def _truth(text: str) -> bool:
    try:
        return TRUTHS[text.lower()]
    except KeyError:
        raise argparse.ArgumentTypeError(f"{text!r} is not true or false") from None


KINDS: Mapping[str, Callable[[str], Any]] = {"bool": _truth, "int": int, "float": float, "str": str}


def _check(flags: Flags) -> None:
    if flags.version:
        return
    if not flags.model_base_path and not flags.model_config_file:
        raise UsageError("Both server_options.model_base_path and server_options.model_config_file are empty!")
    if flags.batching_parameters_file and not flags.enable_batching:
        raise UsageError(
            "server_options.batching_parameters_file is set without setting server_options.enable_batching to true."
        )
    if flags.port == 0 and flags.rest_api_port == 0 and not flags.grpc_socket_path:
        raise UsageError("nothing to serve on: give --port, --rest_api_port or --grpc_socket_path")
    if flags.port == flags.rest_api_port:
        raise UsageError("--rest_api_port cannot be same as --port")
