"""TensorFlow Serving's ascii protobuf files: models to serve, batching, monitoring."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from serveoff.models.protobuf_messages import build
from serveoff.services.tfserving.embedded.errors import failed_precondition, invalid_argument, not_found
from serveoff.services.tfserving.embedded.flags import Flags
from serveoff.services.tfserving.embedded.versions import ModelConfig, VersionPolicy

PLATFORM = "tensorflow"
PROMETHEUS_PATH = "/monitoring/prometheus/metrics"

# tensorflow-serving-api ships no classes for these two files: their fields have the numbers of
# session_bundle_config.proto, monitoring_config.proto and wrappers.proto.
MESSAGES = build(
    "serveoff.tfserving_files",
    {
        "Int64Value": {"value": (1, "int64")},
        "StringValue": {"value": (1, "string")},
        "BatchingParameters": {
            "max_batch_size": (1, "Int64Value"),
            "batch_timeout_micros": (2, "Int64Value"),
            "max_enqueued_batches": (3, "Int64Value"),
            "num_batch_threads": (4, "Int64Value"),
            "thread_pool_name": (5, "StringValue"),
            "allowed_batch_sizes": (6, "int64*"),
            "pad_variable_length_inputs": (7, "bool"),
        },
        "PrometheusConfig": {"enable": (1, "bool"), "path": (2, "string")},
        "MonitoringConfig": {"prometheus_config": (1, "PrometheusConfig")},
    },
)


@dataclass(frozen=True)
class BatchingParameters:
    """How requests are put together: rows, seconds and queued batches, with TensorFlow Serving's defaults."""

    max_batch_size: int = 1000
    batch_timeout_s: float = 0.0
    num_batch_threads: int = 1
    max_enqueued_batches: int = 10
    allowed_batch_sizes: tuple[int, ...] = ()


def model_server_config(flags: Flags) -> Any:
    """The ModelServerConfig of the flags: the file's, or one model by name and base path."""
    config = model_server_config_pb2.ModelServerConfig()
    if flags.model_config_file:
        return _read(Path(flags.model_config_file), config)
    model = config.model_config_list.config.add()
    model.name, model.base_path, model.model_platform = flags.model_name, flags.model_base_path, PLATFORM
    return config


def model_configs(config: Any) -> list[ModelConfig]:
    """The models of a ModelServerConfig; ServingError where it is not one that can be served."""
    if config.WhichOneof("config") == "custom_model_config":
        raise failed_precondition("ModelServer does not yet support custom model config.")
    models = list(_models(config))
    for index, model in enumerate(models):
        if any(model.name == other.name for other in models[:index]):
            raise invalid_argument(f"Illegal to list model {model.name} multiple times in config list")
    return models


def batching_parameters(flags: Flags, cpus: int) -> BatchingParameters | None:
    """How to batch, or None where batching is off. Without a file there is one batch thread per CPU."""
    if not flags.enable_batching:
        return None
    if not flags.batching_parameters_file:
        return BatchingParameters(num_batch_threads=cpus)
    message = _read(Path(flags.batching_parameters_file), MESSAGES["BatchingParameters"]())
    parameters = BatchingParameters(
        max_batch_size=_wrapped(message, "max_batch_size", 1000),
        batch_timeout_s=_wrapped(message, "batch_timeout_micros", 0) / 1e6,
        num_batch_threads=_wrapped(message, "num_batch_threads", cpus),
        max_enqueued_batches=_wrapped(message, "max_enqueued_batches", 10),
        allowed_batch_sizes=tuple(message.allowed_batch_sizes),
    )
    _check_batching(parameters)
    return parameters


def prometheus_path(flags: Flags) -> str | None:
    """Where metrics are served over HTTP, or None where the monitoring file does not enable them."""
    if not flags.monitoring_config_file:
        return None
    message = _read(Path(flags.monitoring_config_file), MESSAGES["MonitoringConfig"]())
    return (message.prometheus_config.path or PROMETHEUS_PATH) if message.prometheus_config.enable else None


def _models(config: Any) -> Iterator[ModelConfig]:
    for model in config.model_config_list.config:
        if model.model_type and model.model_platform:
            raise invalid_argument(
                "Illegal setting both ModelServerConfig::model_type (deprecated) and ModelServerConfig::model_platform."
            )
        if not model.model_type and not model.model_platform:
            raise invalid_argument(
                "Illegal setting neither ModelServerConfig::model_type (deprecated) nor "
                "ModelServerConfig::model_platform."
            )
        if model.model_platform not in ("", PLATFORM):
            raise invalid_argument(f"Model {model.name} requests unsupported platform {model.model_platform}")
        labels = tuple(sorted(model.version_labels.items()))
        yield ModelConfig(model.name, Path(model.base_path), _policy(model.model_version_policy), labels)


def _policy(policy: Any) -> VersionPolicy:
    choice = policy.WhichOneof("policy_choice")
    if choice == "all":
        return VersionPolicy(latest=None)
    if choice == "specific":
        return VersionPolicy(latest=None, specific=frozenset(policy.specific.versions))
    return VersionPolicy(latest=max(policy.latest.num_versions, 1))


def _read(path: Path, message: Any) -> Any:
    try:
        return text_format.Parse(path.read_text(encoding="utf-8"), message)
    except OSError as error:
        raise not_found(f"{path}; {error.strerror}") from None
    except (text_format.ParseError, UnicodeDecodeError) as error:
        kind = f"tensorflow.serving.{message.DESCRIPTOR.name}"
        raise invalid_argument(f"Invalid protobuf file: '{path}': Error parsing text-format {kind}: {error}") from None


def _wrapped(message: Any, name: str, default: int) -> int:
    return int(getattr(message, name).value) if message.HasField(name) else default


def _check_batching(parameters: BatchingParameters) -> None:
    if parameters.max_batch_size < 1 or parameters.num_batch_threads < 1 or parameters.max_enqueued_batches < 1:
        raise invalid_argument("max_batch_size, num_batch_threads and max_enqueued_batches must be positive")
    sizes = parameters.allowed_batch_sizes
    if sizes and (list(sizes) != sorted(set(sizes)) or sizes[-1] != parameters.max_batch_size):
        raise invalid_argument(
            "allowed_batch_sizes must be monotonically increasing and its last entry must equal max_batch_size; "
            f"last entry was {sizes[-1]}; expected {parameters.max_batch_size}"
        )
