"""Put the parts together: load, serve gRPC and REST, follow folders and config file, stop on a signal."""

import logging
import os
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from serveoff.services.phases import announce
from serveoff.services.reported_settings import line_of
from serveoff.services.tfserving.embedded import config, grpc_service
from serveoff.services.tfserving.embedded.batching import Batcher
from serveoff.services.tfserving.embedded.errors import Code, ServingError, invalid_argument
from serveoff.services.tfserving.embedded.flags import Flags
from serveoff.services.tfserving.embedded.http_server import HttpServer, application
from serveoff.services.tfserving.embedded.inference import run_at_once
from serveoff.services.tfserving.embedded.metrics import Metrics
from serveoff.services.tfserving.embedded.repository import Repository, Retries
from serveoff.services.tfserving.embedded.rest import RestApi
from serveoff.services.tfserving.embedded.servable import SessionOptions, load

log = logging.getLogger(__name__)

STEP_S = 0.2
GRACE_S = 5.0


class ModelServer:
    """One server process. `run` serves until the event is set."""

    def __init__(self, flags: Flags, stop: threading.Event) -> None:
        self._flags = flags
        self._stop = stop
        cpus = len(os.sched_getaffinity(0))
        batching = config.batching_parameters(flags, cpus)
        self._runner = Batcher(batching).run if batching else run_at_once
        size, delay_s = (batching.max_batch_size, batching.batch_timeout_s) if batching else (1, 0.0)
        log.info(line_of(batch_size=size, batch_delay_ms=round(delay_s * 1e3)))
        self._prometheus_path = config.prometheus_path(flags)
        self._metrics = Metrics()
        self._repository = Repository(
            partial(load, options=_session_options(flags)),
            Retries(max(flags.max_num_load_retries, 0), max(flags.load_retry_interval_micros, 0) / 1e6),
            labels_need_available=not flags.allow_version_labels_for_unavailable_models,
        )

    def run(self) -> None:
        """Load the models, then open the ports, as TensorFlow Serving does; ServingError, OSError or RuntimeError."""
        self.reload(config.model_server_config(self._flags))
        announce("loaded")
        self._repeat("poll", self._flags.file_system_poll_wait_seconds, self._repository.poll)
        if self._flags.model_config_file:
            self._repeat("config", self._flags.model_config_file_poll_wait_seconds, self._reload_file)
        grpc_server = self._start_grpc()
        try:
            self._serve_rest()
        finally:
            grpc_server.stop(GRACE_S).wait()

    def reload(self, model_server_config: Any) -> None:
        """Serve the models of a ModelServerConfig; returns once the new ones are available."""
        new = self._repository.reload(config.model_configs(model_server_config))
        waited_s = 0.0
        interval_s = self._flags.file_system_poll_wait_seconds
        while self._repository.unsettled(new):
            if self._stop.wait(STEP_S):
                raise ServingError(Code.CANCELLED, "stopped while waiting for models")
            waited_s += STEP_S
            if 0 < interval_s <= waited_s:
                waited_s = 0.0
                self._repository.poll()
            else:
                self._repository.advance()
        self._repository.check_available(new)

    def _reload_file(self) -> None:
        try:
            self.reload(config.model_server_config(self._flags))
        except ServingError as error:
            log.error("PollFilesystemAndReloadConfig failed to ReloadConfig: %s", error.status)

    def _repeat(self, name: str, interval_s: float, action: Callable[[], None]) -> None:
        def loop() -> None:
            while not self._stop.wait(interval_s):
                try:
                    action()
                except Exception:  # else nothing would be followed any more, and nobody would know
                    log.exception("%s failed, and is tried again", name)

        if interval_s > 0:
            threading.Thread(target=loop, name=name, daemon=True).start()

    def _start_grpc(self) -> Any:
        flags = self._flags
        addresses = [f"{flags.host}:{flags.port}"] if flags.port else []
        addresses += [f"unix:{flags.grpc_socket_path}"] if flags.grpc_socket_path else []
        server = grpc_service.start(
            grpc_service.PredictionService(self._repository, self._runner, self._metrics),
            grpc_service.ModelService(self._repository, self.reload),
            addresses,
            flags,
        )
        log.info("Running gRPC ModelServer at %s ...", ", ".join(addresses))
        return server

    def _serve_rest(self) -> None:
        flags = self._flags
        if not flags.rest_api_port:
            announce("listening")
            self._stop.wait()
            return
        api = RestApi(self._repository, self._runner, self._metrics, self._prometheus_path)
        limit = flags.rest_api_max_body_bytes
        app = application(api, limit, cors=flags.rest_api_enable_cors_support)
        server = HttpServer(app, flags.host, flags.rest_api_port, flags.rest_api_num_threads, limit)
        log.info("Exporting HTTP/REST API at:%s:%d ...", flags.host, server.port)
        announce("listening")
        server.serve(self._stop)


def _session_options(flags: Flags) -> SessionOptions:
    both, intra, inter = (
        flags.tensorflow_session_parallelism,
        flags.tensorflow_intra_op_parallelism,
        flags.tensorflow_inter_op_parallelism,
    )
    if both and (intra or inter):
        raise invalid_argument(
            "Either configure tensorflow_session_parallelism or (tensorflow_intra_op_parallelism, "
            "tensorflow_inter_op_parallelism) separately. You cannot configure all."
        )
    return SessionOptions(
        tuple(flags.saved_model_tags.split(",")),
        both or intra,
        both or inter,
        flags.rest_api_timeout_in_ms,
        flags.enable_signature_method_name_check,
    )
