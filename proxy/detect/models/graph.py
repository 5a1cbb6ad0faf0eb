"""The second model as the graph that runs, operator by operator. By hand (it needs `onnx`).

What a tool makes of a network has five hundred operators and a mask for padding that never comes.
This one has what has to be computed, in the operators that onnxruntime computes fastest on ordinary
processors, so it runs as it is written and nothing is optimized at start.

The first layers read every piece; then the glance weighs each, and the others go on with those
alone that may be part of a name (and the first, which opens every sequence: so there is always
one). The next layer still sees all around them. The outputs are the kept pieces' places and their
logits.

Matrices are 7-bit integers with one scale a column (seven bits, not eight: without VNNI two
products of eight bits overflow 16); word pieces are bytes with one scale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

#: Layers that read every piece.
GLANCING = 3
HEADS = 12
_EPSILON = 1e-12
#: Operators of onnxruntime's own.
_OWN = "com.microsoft"
_MOST = 64  # of seven bits and a sign


class _Graph:
    """Operators and constants, as they come."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def constant(self, name: str, value: Any) -> str:
        self.constants[name] = numpy_helper.from_array(np.array(value, order="C"), name)
        return name

    def do(
        self, operator: str, inputs: Iterable[str], outputs: Iterable[str] = (), **attributes: Any
    ) -> list[str]:
        """Add an operator, and return the names of its outputs: one, unless they are given."""
        named = list(outputs) or [f"{operator}{len(self.nodes)}"]
        domain = _OWN if operator in _OWN_OPERATORS else ""
        node = helper.make_node(operator, list(inputs), named, domain=domain, **attributes)
        self.nodes.append(node)
        return named

    def one(self, operator: str, *inputs: str, **attributes: Any) -> str:
        (output,) = self.do(operator, inputs, **attributes)
        return output

    def _matrix(self, name: str) -> tuple[str, str, str, str]:
        """Add a matrix as integers; return its name and those of scales, zero points and bias."""
        weights = self._values[f"{name}.weight"].T.astype(np.float32)
        scales = np.abs(weights).max(axis=0) / np.float32(_MOST)
        integers = np.clip(np.rint(weights / scales), -_MOST, _MOST).astype(np.int8)
        return (
            self.constant(f"{name}.integers", integers),
            self.constant(f"{name}.scales", scales),
            self.constant(f"{name}.zeros", np.zeros(len(scales), np.int8)),
            self.constant(f"{name}.bias", self._values[f"{name}.bias"]),
        )

    def linear(self, name: str, hidden: str) -> str:
        integers, scales, zeros, bias = self._matrix(name)
        return self.one("DynamicQuantizeMatMul", hidden, integers, scales, zeros, bias)

    def integers(self, hidden: str) -> tuple[str, str, str]:
        """Return integers, scale and zero point of what several matrices are multiplied with."""
        read, scale, zero = (f"{hidden}.{part}" for part in ("integers", "scale", "zero"))
        self.do("DynamicQuantizeLinear", [hidden], [read, scale, zero])
        return read, scale, zero

    def linear_of(self, name: str, read: tuple[str, str, str]) -> str:
        integers, scales, zeros, bias = self._matrix(name)
        hidden, scale, zero = read
        return self.one("MatMulIntegerToFloat", hidden, integers, scale, scales, zero, zeros, bias)

    def norm(self, name: str, hidden: str) -> str:
        parts = (
            self.constant(f"{name}.{part}", self._values[f"{name}.{part}"])
            for part in ("weight", "bias")
        )
        return self.one("LayerNormalization", hidden, *parts, axis=-1, epsilon=_EPSILON)

    def layer(self, name: str, hidden: str, kept: str = "") -> str:
        """A layer; with `kept`, its output is of those places only, and sees all."""
        around = of = self.integers(hidden)
        if kept:
            of = (self.one("Gather", around[0], kept, axis=1), *around[1:])
            hidden = self.one("Gather", hidden, kept, axis=1)
        parts = (("query", of), ("key", around), ("value", around))
        heads = [self.linear_of(f"{name}.{part}", read) for part, read in parts]
        seen = self.one("MultiHeadAttention", *heads, num_heads=HEADS)
        # Not SkipLayerNormalization, one operator for both: it takes several times as long.
        added = self.one("Add", self.linear(f"{name}.attended", seen), hidden)
        hidden = self.norm(f"{name}.attended_norm", added)
        wide = self.one("Gelu", self.linear(f"{name}.wide", hidden))
        return self.norm(
            f"{name}.norm", self.one("Add", self.linear(f"{name}.narrow", wide), hidden)
        )

    def embedded(self) -> str:
        """What each piece looks like by itself and where it stands."""
        words = self._values["words.weight"]
        scale = np.float32((words.max() - words.min()) / 255)
        zero = np.uint8(np.clip(np.rint(-words.min() / scale), 0, 255))
        numbers = np.clip(np.rint(words / scale) + zero, 0, 255).astype(np.uint8)
        rows = self.one("Gather", self.constant("words.numbers", numbers), "pieces", axis=0)
        by_itself = self.one(
            "DequantizeLinear",
            rows,
            self.constant("words.scale", scale),
            self.constant("words.zero", zero),
        )
        cases = self.constant("cases.rows", self._values["cases.weight"])
        cased = self.one("Add", by_itself, self.one("Gather", cases, "cases", axis=0))
        places = self.constant("places.rows", self._values["places.weight"])
        length = self.one("Shape", "pieces", start=1, end=2)
        first = self.constant("first", np.array([0]))
        placed = self.one("Slice", places, first, length, first)
        return self.norm("norm", self.one("Add", cased, placed))

    def glance(self, hidden: str) -> str:
        """The output `kept`: the places of pieces that may be part of a name, and the first."""
        for layer in ("glance.0", "glance.2"):
            turned = self.constant(f"{layer}.turned", self._values[f"{layer}.weight"].T)
            bias = self.constant(f"{layer}.bias", self._values[f"{layer}.bias"])
            hidden = self.one("Add", self.one("MatMul", hidden, turned), bias)
            if layer == "glance.0":
                hidden = self.one("Relu", hidden)
        beyond = self.one("Greater", hidden, self.constant("bar", np.float32(0)))
        flat = self.one("Reshape", beyond, self.constant("flat", np.array([-1])))
        second, end = np.array([1]), np.array([np.iinfo(np.int64).max])
        others = self.one("Slice", flat, self.constant("second", second), self.constant("end", end))
        marks = self.one("Concat", self.constant("yes", np.array([True])), others, axis=0)
        (kept,) = self.do("Squeeze", [self.one("NonZero", marks), "first"], ["kept"])
        return kept


_OWN_OPERATORS = frozenset(
    ("DynamicQuantizeMatMul", "MatMulIntegerToFloat", "MultiHeadAttention", "Gelu")
)


def write(values: Mapping[str, Any], out: Path) -> None:
    """Write the model.

    Args:
        values: the parameters of a `Network`, and of the glance behind `glance.`, as arrays.
        out: the ONNX file.
    """
    layers = 1 + max(int(name.split(".")[1]) for name in values if name.startswith("layers."))
    graph = _Graph(values)
    hidden = graph.embedded()
    for number in range(layers):
        kept = graph.glance(hidden) if number == GLANCING else ""
        hidden = graph.layer(f"layers.{number}", hidden, kept)
    graph.linear("classifier", hidden)
    graph.nodes[-1].output[0] = "logits"
    classes = len(values["classifier.bias"])
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, [1, "length"])
        for name in ("pieces", "cases")
    ]
    outputs = [
        helper.make_tensor_value_info("kept", TensorProto.INT64, ["kept"]),
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, "kept", classes]),
    ]
    made = helper.make_graph(graph.nodes, "names", inputs, outputs, [*graph.constants.values()])
    versions = [helper.make_opsetid("", 18), helper.make_opsetid(_OWN, 1)]
    onnx.save(helper.make_model(made, opset_imports=versions, ir_version=8), out)
