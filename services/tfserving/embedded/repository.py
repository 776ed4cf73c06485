"""Which versions are loaded: follows the folders on disk and the config, and hands out servables.

After TensorFlow Serving's AspiredVersionsManager with the availability-preserving policy: an old version keeps
serving until a wanted one is available, a version that cannot be loaded harms no other, and a request holds on to
the servable it was given, so that a reload drops none.
"""

import gc
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from serveoff.services.predict_v1 import quoted
from serveoff.services.tfserving.embedded.errors import (
    Code,
    ServingError,
    failed_precondition,
    invalid_argument,
    not_found,
)
from serveoff.services.tfserving.embedded.servable import Servable
from serveoff.services.tfserving.embedded.versions import ModelConfig, aspired_versions

log = logging.getLogger(__name__)

Load = Callable[[str, int, Path], Servable]
Serving = Mapping[str, Mapping[int, Servable]]


class State(IntEnum):
    """ModelVersionStatus.State, with its numbers."""

    START = 10
    LOADING = 20
    AVAILABLE = 30
    UNLOADING = 40
    END = 50


@dataclass(frozen=True)
class VersionState:
    """Where a version is in its life, and the error that ended it, if one did."""

    state: State
    error: ServingError | None = None


@dataclass(frozen=True)
class Retries:
    """How often a load is tried again, and after how many seconds."""

    count: int = 5
    interval_s: float = 60.0


@dataclass
class _Attempts:
    failed: int = 0
    due: float = 0.0


class Repository:
    """All models. Lookups take no lock; `poll` and `reload` change what they see in one step."""

    def __init__(self, load: Load, retries: Retries, *, labels_need_available: bool = True) -> None:
        self._load = load
        self._retries = retries
        self._labels_need_available = labels_need_available
        self._lock = threading.RLock()
        self._configs: dict[str, ModelConfig] = {}
        self._aspired: dict[str, dict[int, Path]] = {}
        self._states: Mapping[str, Mapping[int, VersionState]] = {}
        self._attempts: dict[tuple[str, int], _Attempts] = {}
        self._labels: Mapping[tuple[str, str], int] = {}
        self._serving: Serving = {}

    def servable(self, model: str, version: int | None = None, label: str | None = None) -> Servable:
        """The named version, by default the highest that is available; ServingError (NOT_FOUND) otherwise."""
        if not model:
            raise invalid_argument("ModelSpec has no name specified.")
        if label is not None:
            version = self._version_of(model, label)
        versions = self._serving.get(model, {})
        wanted = max(versions, default=None) if version is None else version
        if wanted is None or wanted not in versions:
            request = f"Latest({quoted(model)})" if version is None else f"Specific({quoted(model)}, {version})"
            raise not_found(f"Servable not found for request: {request}")
        return versions[wanted]

    def states(
        self, model: str, version: int | None = None, label: str | None = None
    ) -> list[tuple[int, VersionState]]:
        """The known versions, highest first, gone ones included; ServingError (NOT_FOUND) where there are none."""
        if label is not None:
            version = self._version_of(model, label)
        known = self._states.get(model, {})
        if version is not None and version not in known:
            raise not_found(f"Could not find version {version} of model {quoted(model)}")
        if not known:
            raise not_found(f"Could not find any versions of model {quoted(model)}")
        return [(v, known[v]) for v in sorted(known, reverse=True) if version in (None, v)]

    def reload(self, models: Iterable[ModelConfig]) -> set[str]:
        """Take on a new set of models and look at their folders once; the names that were not there before."""
        configs = {model.name: model for model in models}
        with self._lock:
            labels = self._checked_labels(configs)
            new = configs.keys() - self._configs.keys()
            for gone in self._configs.keys() - configs.keys():
                self._aspired[gone] = {}
            self._configs, self._labels = configs, labels
            for name in configs:
                log.info("(Re-)adding model: %s", name)
            self.poll()
        return set(new)

    def poll(self) -> None:
        """Look at the folders and do what they ask for."""
        with self._lock:
            for config in self._configs.values():
                try:
                    self._aspired[config.name] = aspired_versions(config)
                except OSError as error:
                    log.error(
                        "FileSystemStoragePathSource encountered a filesystem access error: Could not find base path "
                        "%s for servable %s with error %s",
                        config.base_path,
                        config.name,
                        error.strerror,
                    )
            self.advance()

    def advance(self) -> None:
        """Load what is wanted and due, then unload what is not wanted any more."""
        with self._lock:
            changed = False
            for model, folders in list(self._aspired.items()):
                for version, path in folders.items():
                    changed |= self._load_if_due(model, version, path)
                changed |= self._unload_others(model, folders)
        if changed:
            _settle_heap()

    def knows(self, model: str) -> bool:
        """Whether a model of this name is to be served."""
        return model in self._configs

    def unsettled(self, models: Iterable[str]) -> bool:
        """Whether a model has neither a version that serves nor one that failed for good."""
        return any(not self._serving.get(model) and not self._failed(model) for model in models)

    def check_available(self, models: Iterable[str]) -> None:
        """ServingError names the models of which no version could be loaded."""
        broken = [text for model in sorted(models) if not self._serving.get(model) for text in self._failed(model)]
        if broken:
            raise ServingError(
                Code.UNKNOWN, f"{len(broken)} servable(s) did not become available: {{{', '.join(broken)}}}"
            )

    def _version_of(self, model: str, label: str) -> int:
        try:
            return self._labels[model, label]
        except KeyError:
            raise invalid_argument(f"Unrecognized servable version label: {quoted(label)}") from None

    def _checked_labels(self, configs: Mapping[str, ModelConfig]) -> dict[tuple[str, str], int]:
        labels = {(name, label): v for name, config in configs.items() for label, v in config.labels}
        for (name, label), version in labels.items():
            moved = self._labels.get((name, label), version) != version
            required = self._labels_need_available or moved
            if required and version not in self._serving.get(name, {}):
                raise failed_precondition(
                    f"Request to assign label to version {version} of model {name}, which is not currently available "
                    "for inference"
                )
        return labels

    def _load_if_due(self, model: str, version: int, path: Path) -> bool:
        if version in self._serving.get(model, {}):
            return False
        attempts = self._attempts.setdefault((model, version), _Attempts())
        if attempts.failed > self._retries.count or time.monotonic() < attempts.due:
            return False
        self._set(model, version, VersionState(State.LOADING))
        log.info("Loading servable version {name: %s version: %d} from %s", model, version, path)
        try:
            servable = self._load(model, version, path)
        except ServingError as error:
            self._note_failure(model, version, attempts, error)
            return False
        self._serving = {**self._serving, model: {**self._serving.get(model, {}), version: servable}}
        self._set(model, version, VersionState(State.AVAILABLE))
        log.info("Successfully loaded servable version {name: %s version: %d}", model, version)
        return True

    def _note_failure(self, model: str, version: int, attempts: _Attempts, error: ServingError) -> None:
        attempts.failed += 1
        attempts.due = time.monotonic() + self._retries.interval_s
        log.error("Loading servable: {name: %s version: %d} failed: %s", model, version, error.status)
        if attempts.failed > self._retries.count:
            self._set(model, version, VersionState(State.END, error))

    def _unload_others(self, model: str, aspired: Mapping[int, Path]) -> bool:
        for key in [key for key in self._attempts if key[0] == model and key[1] not in aspired]:
            del self._attempts[key]
        serving = self._serving.get(model, {})
        kept = {version: servable for version, servable in serving.items() if version in aspired}
        if len(kept) == len(serving) or (aspired and not kept):
            return False
        self._serving = {**self._serving, model: kept}
        for version in serving.keys() - kept.keys():
            self._set(model, version, VersionState(State.END))
            log.info("Done unloading servable version {name: %s version: %d}", model, version)
        return True

    def _set(self, model: str, version: int, state: VersionState) -> None:
        # A new mapping each time: a status request must not wait for the lock, which is held while a model loads.
        self._states = {**self._states, model: {**self._states.get(model, {}), version: state}}

    def _failed(self, model: str) -> list[str]:
        """The failures of a model, or nothing while one of its versions may still come."""
        aspired = self._aspired.get(model, {})
        states = [(v, self._states.get(model, {}).get(v)) for v in aspired]
        errors = [(v, s.error) for v, s in states if s is not None and s.error is not None]
        if len(errors) < len(states):
            return []
        return [f"{{{{name: {model} version: {v}}} due to error: {error.status}}}" for v, error in errors]


def _settle_heap() -> None:
    """Free what a reload left and keep the rest out of Python's garbage collector.

    Without it the collector walks the whole heap of TensorFlow whenever requests make many small objects, which
    showed as 70 to 110 ms at the 99th percentile.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
