"""The second name model as torch modules: a BERT encoder with a case mark for each word piece.

The vocabulary has lower case only, so the encoder can't tell "will" from "Will". The input that
BERT has for the number of a sentence, unused here, says it instead: what kind of capitals the word
has that the piece belongs to (`proxy.detect.names.wordpiece.case_of`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from proxy.detect.models.convert import table

WIDTH, _HEADS = 384, 12
_CASES = 4


class Layer(nn.Module):
    """One layer of the encoder."""

    def __init__(self) -> None:
        """Make it with the shapes of the published model."""
        super().__init__()
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key = nn.Linear(WIDTH, WIDTH)
        self.value = nn.Linear(WIDTH, WIDTH)
        self.attended = nn.Linear(WIDTH, WIDTH)
        self.attended_norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.wide = nn.Linear(WIDTH, 4 * WIDTH)
        self.narrow = nn.Linear(4 * WIDTH, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.drop = nn.Dropout(0.1)

    def forward(self, hidden: Tensor, mask: Tensor, around: Tensor | None = None) -> Tensor:
        """Return the next layer's input.

        Args:
            hidden: what it is made of.
            mask: added to the attention scores.
            around: what attention goes to, if that is more than `hidden`.
        """
        around = hidden if around is None else around
        heads = [
            part(of).view(len(of), of.shape[1], _HEADS, -1).transpose(1, 2)
            for part, of in ((self.query, hidden), (self.key, around), (self.value, around))
        ]
        seen = nn.functional.scaled_dot_product_attention(*heads, attn_mask=mask)
        seen = seen.transpose(1, 2).reshape(hidden.shape)
        hidden = self.attended_norm(hidden + self.drop(self.attended(seen)))
        wide = nn.functional.gelu(self.wide(hidden))
        normed: Tensor = self.norm(hidden + self.drop(self.narrow(wide)))
        return normed


class Network(nn.Module):
    """The encoder and its classifier."""

    def __init__(self, pieces: int, classes: int, layers: int = 6) -> None:
        """Make it for a vocabulary of `pieces` and an answer of `classes`."""
        super().__init__()
        self.words = nn.Embedding(pieces, WIDTH)
        self.cases = nn.Embedding(_CASES, WIDTH)
        self.places = nn.Embedding(512, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.drop = nn.Dropout(0.1)
        self.layers = nn.ModuleList(Layer() for _ in range(layers))
        self.classifier = nn.Linear(WIDTH, classes)

    def forward(self, pieces: Tensor, cases: Tensor, real: Tensor) -> Tensor:
        """Return the classes' logits of each piece; `real` marks what isn't padding."""
        places = torch.arange(pieces.shape[1])
        hidden = self.words(pieces) + self.cases(cases) + self.places(places)
        hidden = self.drop(self.norm(hidden))
        mask = torch.where(real[:, None, None, :], 0.0, -1e9)
        for layer in self.layers:
            hidden = layer(hidden, mask)
        logits: Tensor = self.classifier(hidden)
        return logits


#: Embedding tables here → there.
TABLES = {
    "words.weight": "bert.embeddings.word_embeddings.weight",
    "places.weight": "bert.embeddings.position_embeddings.weight",
    "cases.weight": "bert.embeddings.token_type_embeddings.weight",
}
#: A layer's parts here → there.
_PARTS = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "attended": "attention.output.dense",
    "attended_norm": "attention.output.LayerNorm",
    "wide": "intermediate.dense",
    "narrow": "output.dense",
    "norm": "output.LayerNorm",
}


def places_of(graph: Any) -> dict[str, tuple[str, bool]]:
    """Return where each of the network's parameters stands in a widened ONNX graph.

    The value is the initializer's name, and whether it is stored turned round. Neither the tables
    (`TABLES`) are among them, which are stored as bytes, nor the classifier, which is another one.
    """
    stored = {tensor.name for tensor in graph.initializer}
    named = {
        "norm.weight": ("bert.embeddings.LayerNorm.weight", False),
        "norm.bias": ("bert.embeddings.LayerNorm.bias", False),
    }
    after = {node.input[0]: node for node in graph.node if node.op_type == "Add"}
    after |= {node.input[1]: node for node in graph.node if node.op_type == "Add"}
    weights = {}  # bias → the matrix that it is added to the product of
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in stored:
            added = after[node.output[0]]
            weights[next(name for name in added.input if name in stored)] = node.input[1]
    for number in range(6):
        for part, there in _PARTS.items():
            bias = f"bert.encoder.layer.{number}.{there}.bias"
            named[f"layers.{number}.{part}.bias"] = (bias, False)
            norm = part.endswith("norm")
            weight = f"bert.encoder.layer.{number}.{there}.weight" if norm else weights[bias]
            named[f"layers.{number}.{part}.weight"] = (weight, not norm)
    return named


def loaded(graph: Any, classes: int) -> Network:
    """Return a network that begins as the widened graph, with a new classifier."""
    stored = {one.name: one for one in graph.initializer}
    tables = {name: table(stored, there) for name, there in TABLES.items()}
    tables["cases.weight"] = np.repeat(tables["cases.weight"][:1], _CASES, axis=0)
    network = Network(len(tables["words.weight"]), classes)
    values = network.state_dict()
    values |= {name: torch.from_numpy(value.copy()) for name, value in tables.items()}
    for name, (there, turned) in places_of(graph).items():
        value = onnx.numpy_helper.to_array(stored[there]).astype(np.float32)
        values[name] = torch.from_numpy((value.T if turned else value).copy())
    network.load_state_dict(values)
    return network


def trained(graph: Any) -> Network:
    """Return the network of a graph in integers, as `train` writes it."""
    stored = {one.name: one for one in graph.initializer}
    array = onnx.numpy_helper.to_array
    user = {name: node for node in graph.node for name in node.input}
    matrices = {}
    for node in graph.node:
        if node.op_type == "MatMulInteger":
            matrix = node.input[1]
            after = user[node.output[0]]
            while after.op_type != "Add":
                after = user[after.output[0]]
            bias = next(name for name in after.input if name in stored)
            scales = array(stored[matrix.replace("_quantized", "_scale")])
            matrices[bias.removesuffix(".bias")] = array(stored[matrix]) * scales
    there = {
        f"layers.{number}.{part}": f"bert.encoder.layer.{number}.{name}"
        for number in range(6)
        for part, name in _PARTS.items()
    }
    there |= {"norm": "bert.embeddings.LayerNorm", "classifier": "classifier"}
    values = {name: table(stored, place) for name, place in TABLES.items()}
    for part, name in there.items():
        norm = part.endswith("norm")
        values[f"{part}.weight"] = array(stored[f"{name}.weight"]) if norm else matrices[name].T
        values[f"{part}.bias"] = array(stored[f"{name}.bias"])
    network = Network(len(values["words.weight"]), len(values["classifier.bias"]))
    network.load_state_dict(
        {name: torch.from_numpy(value.astype(np.float32)) for name, value in values.items()}
    )
    return network
