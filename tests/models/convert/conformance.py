"""ONNX' own conformance cases, which the package `onnx` ships: one operator, its inputs, and what it must give."""

import warnings
from functools import cache

import numpy as np
from onnx.backend.test.case.node import collect_testcases

from serveoff.models.convert import Unconvertible
from serveoff.models.convert.onnx_tf import OPERATORS, Graph

NUMBERS = ("float32", "float64", "int32", "int64", "uint8", "bool")
"""What models may take and give; the cases go on to strings and to the floats of accelerators."""


@cache
def cases():
    """Every case of operators that we know and of numbers that models may have."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = collect_testcases(None)
    return [case for case in found if _is_ours(case)]


def _is_ours(case):
    known = all(node.op_type in OPERATORS and not node.domain for node in case.model.graph.node)
    return known and all(
        isinstance(array, np.ndarray) and str(array.dtype) in NUMBERS
        for inputs, outputs in case.data_sets
        for array in (*inputs, *outputs)
    )


def judge(case):
    """`right`, `refused: why` or `wrong: what`."""
    graph = Graph(case.model)
    names = [value.name for value in case.model.graph.input]
    for inputs, expected in case.data_sets:
        try:
            found = graph(dict(zip(names, inputs, strict=True)))
        except Unconvertible as error:
            return f"refused: {error.reason}"
        for answer, golden in zip(map(np.asarray, found), expected, strict=True):
            if answer.dtype != golden.dtype or answer.shape != golden.shape:
                return f"wrong: {answer.dtype}{answer.shape}, not {golden.dtype}{golden.shape}"
            if not np.allclose(answer, golden, rtol=case.rtol, atol=case.atol, equal_nan=True):
                return f"wrong: {answer.ravel()[:4]}, not {golden.ravel()[:4]}"
    return "right"
