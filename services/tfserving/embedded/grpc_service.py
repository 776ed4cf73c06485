"""The gRPC API: PredictionService and ModelService (model_servers/prediction_service_impl.cc)."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from tensorflow_serving.apis import (
    classification_pb2,
    inference_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

from serveoff.services.tfserving.embedded import example_inference, inference, model_info, tensor_protos
from serveoff.services.tfserving.embedded.errors import ServingError, invalid_argument
from serveoff.services.tfserving.embedded.flags import Flags
from serveoff.services.tfserving.embedded.inference import Runner, run_at_once, timed
from serveoff.services.tfserving.embedded.metrics import Metrics
from serveoff.services.tfserving.embedded.repository import Repository
from serveoff.services.tfserving.embedded.servable import Servable
from serveoff.services.tfserving.embedded.signatures import CLASSIFY, DEFAULT_SIGNATURE, REGRESS

STATUS_CODES = {code.value[0]: code for code in grpc.StatusCode}


@dataclass
class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):  # type: ignore[misc]
    """Predict, Classify, Regress, MultiInference and GetModelMetadata."""

    repository: Repository
    run: Runner = run_at_once
    metrics: Metrics = field(default_factory=Metrics)

    def Predict(self, request: Any, context: Any) -> Any:  # noqa: N802, the name is gRPC's
        """Run a signature on tensors."""
        with self._call("Predict", request.model_spec, context):
            servable = self._servable(request.model_spec)
            signature = inference.predict_signature(servable, request.model_spec.signature_name)
            inference.check_method(signature)
            inference.check_aliases(signature, request.inputs)
            for alias, proto in request.inputs.items():
                tensor_protos.check_announced(alias, proto, signature.inputs[alias])
            inputs = {alias: tensor_protos.from_proto(alias, p) for alias, p in request.inputs.items()}
            run = timed(self.run, self.metrics, "Predict")
            outputs = inference.predict(servable, signature, inputs, list(request.output_filter), run)
            response = predict_pb2.PredictResponse()
            _fill_spec(response.model_spec, servable, request.model_spec.signature_name)
            for alias, array in outputs.items():
                tensor_protos.to_proto(array, response.outputs[alias])
            return response

    def Classify(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Classify tf.Examples."""
        return self._infer("Classify", CLASSIFY, classification_pb2.ClassificationResponse, request, context)

    def Regress(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Regress tf.Examples."""
        return self._infer("Regress", REGRESS, regression_pb2.RegressionResponse, request, context)

    def MultiInference(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Run several classify and regress signatures of one model on the same tf.Examples."""
        with _errors(context):
            spec = _common_spec(request.tasks)
        with self._call("MultiInference", spec, context):
            servable = self._servable(spec)
            tasks = [(task.model_spec.signature_name, task.method_name) for task in request.tasks]
            results = example_inference.multi_inference(servable, tasks, _examples(request.input), self.run)
            response = inference_pb2.MultiInferenceResponse()
            for task, result in zip(request.tasks, results, strict=True):
                entry = response.results.add()
                _fill_spec(entry.model_spec, servable, task.model_spec.signature_name)
                classified = task.method_name == CLASSIFY
                target = entry.classification_result if classified else entry.regression_result
                target.CopyFrom(result)
            return response

    def GetModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Give the signatures of a model."""
        with _errors(context):
            if not request.HasField("model_spec"):
                raise invalid_argument("Missing ModelSpec")
            return model_info.metadata_response(self._servable(request.model_spec), list(request.metadata_field))

    def _infer(self, api: str, method: str, answer: Callable[..., Any], request: Any, context: Any) -> Any:
        with self._call(api, request.model_spec, context):
            servable, name = self._servable(request.model_spec), request.model_spec.signature_name
            run = timed(self.run, self.metrics, api)
            result = example_inference.infer(servable, name, method, _examples(request.input), run)
            response = answer(result=result)
            _fill_spec(response.model_spec, servable, name)
            return response

    def _servable(self, spec: Any) -> Servable:
        return self.repository.servable(spec.name, *_version_and_label(spec))

    @contextmanager
    def _call(self, api: str, spec: Any, context: Any) -> Iterator[None]:
        with _errors(context), self.metrics.counted(spec.name, api, "GRPC", self.repository.knows(spec.name)):
            yield


@dataclass
class ModelService(model_service_pb2_grpc.ModelServiceServicer):  # type: ignore[misc]
    """GetModelStatus and HandleReloadConfigRequest. `reload` takes a ModelServerConfig and waits for its models."""

    repository: Repository
    reload: Callable[[Any], None]

    def GetModelStatus(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Give the state of a model's versions."""
        with _errors(context):
            if not request.HasField("model_spec"):
                raise invalid_argument("Missing ModelSpec")
            spec = request.model_spec
            return model_info.status_response(self.repository.states(spec.name, *_version_and_label(spec)))

    def HandleReloadConfigRequest(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Serve other models from now on."""
        with _errors(context):
            if request.config.WhichOneof("config") != "model_config_list":
                raise invalid_argument(
                    "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is "
                    "currently supported"
                )
            self.reload(request.config)
            return model_management_pb2.ReloadConfigResponse()


def start(predictions: PredictionService, models: ModelService, addresses: list[str], flags: Flags) -> Any:
    """Serve gRPC on the addresses from now on; RuntimeError where one is taken.

    As in TensorFlow Serving no call waits for a thread: RESOURCE_EXHAUSTED for one more than there are.
    """
    # Without this option a second server could share the port unnoticed.
    options: list[tuple[str, Any]] = [
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", min(flags.grpc_max_message_bytes, 2**31 - 1)),
        ("grpc.max_send_message_length", -1),
        *_channel_arguments(flags.grpc_channel_arguments),
    ]
    threads = flags.grpc_max_threads
    pool = ThreadPoolExecutor(threads, thread_name_prefix="grpc")
    server = grpc.server(pool, options=options, maximum_concurrent_rpcs=threads)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(predictions, server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(models, server)
    for address in addresses:
        server.add_insecure_port(address)
    server.start()
    return server


def _channel_arguments(text: str) -> list[tuple[str, Any]]:
    """`name=value,name=value`, whole numbers as such."""
    pairs = (part.partition("=") for part in text.split(",") if part)
    return [(name, int(v) if v.lstrip("-").isdigit() else v) for name, _, v in pairs]


@contextmanager
def _errors(context: Any) -> Iterator[None]:
    try:
        yield
    except ServingError as error:
        context.abort(STATUS_CODES[error.code], str(error))


def _version_and_label(spec: Any) -> tuple[int | None, str | None]:
    choice = spec.WhichOneof("version_choice")
    return (
        spec.version.value if choice == "version" else None,
        spec.version_label if choice == "version_label" else None,
    )


def _fill_spec(spec: Any, servable: Servable, signature_name: str) -> None:
    spec.name = servable.name
    spec.version.value = servable.version
    spec.signature_name = signature_name or DEFAULT_SIGNATURE


def _common_spec(tasks: Any) -> Any:
    names = {task.model_spec.name for task in tasks}
    if not names or "" in names:
        raise invalid_argument("Found ModelSpec with an empty model name.")
    if len(names) > 1:
        raise invalid_argument("All ModelSpecs in a MultiInferenceRequest must access the same model name.")
    return tasks[0].model_spec


def _examples(request_input: Any) -> list[bytes]:
    """Serialised tf.Examples, each with the context in front if there is one."""
    if request_input.WhichOneof("kind") == "example_list_with_context":
        found = request_input.example_list_with_context
        examples = [example.SerializeToString() for example in found.examples]
        return example_inference.with_context(found.context.SerializeToString(), examples)
    return [example.SerializeToString() for example in request_input.example_list.examples]
