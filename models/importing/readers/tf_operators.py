"""What the operators of TensorFlow's graphs say of a model: those that a library adds, and those that parse records."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from serveoff.models.frameworks.tensorflow_setup import every_node
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.jobs.child import Refused

UNKNOWN = re.compile(r"Op type not registered '([^']+)'")
"""What TensorFlow says of an operator that it has not."""
PARSERS = frozenset({"ParseExample", "ParseExampleV2", "ParseSingleExample"})
PARSERS |= {"ParseSequenceExample", "ParseSequenceExampleV2", "ParseSingleSequenceExample"}


@contextmanager
def known() -> Iterator[None]:
    """Refused where a graph that is loaded meanwhile has an operator that is not TensorFlow's own."""
    try:
        yield
    except (tf.errors.OpError, OSError, RuntimeError, ValueError) as error:
        unknown = UNKNOWN.search(str(error))
        if unknown is None:
            raise
        raise Refused(
            f"TensorFlow has no operator {unknown[1]}: a library adds it, such as tensorflow_text or TF-DF, and no "
            "server here has that",
            unknown[1],
            "export it without that operator, or with those of TensorFlow that do the same",
        ) from None


def parse_records(graph_def: Any) -> bool:
    """Whether a graph takes records, tf.Example, apart."""
    return any(node.op in PARSERS for node in every_node(graph_def))
