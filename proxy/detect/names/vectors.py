"""The vectors of tokens that spaCy's name recogniser decides on, as its `tok2vec` layer makes them.

Its first half looks at each word alone (its form, prefix, suffix, shape and static vector), so that
is remembered from one text to the next; its second half lets four layers look at the neighbours.
The layers are those of the loaded model. Only how they are called differs: thinc's own way spends
more on passing arrays along than on multiplying them.

Invariant: the vectors are those of `tok2vec.predict`, but for the last bits of a float.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from spacy.attrs import NORM, ORTH

#: Words remembered; 400 bytes each. When there are more, all are forgotten.
_REMEMBERED = 20_000
#: Added to a variance (thinc's LayerNorm).
_LEAST_VARIANCE = 1e-8


class _Layer(NamedTuple):
    """A layer over a token and its two neighbours; its pieces are what `Maxout` takes the most of.

    Attributes:
        weights: input by piece and output.
        bias: by piece and output.
        gain: of the layer norm.
        shift: of the layer norm.
    """

    weights: Any
    bias: Any
    gain: Any
    shift: Any


class TokenVectors:
    """One `tok2vec` layer; not for concurrent use."""

    def __init__(self, tok2vec: Any) -> None:
        """Take the layer; ValueError if it isn't `MultiHashEmbed` and `MaxoutWindowEncoder`."""
        try:
            inner, _, linear = tok2vec.layers
            self._embed, encode = inner.layers
            self._pad = encode.attrs["pad"]
            self._layers = [_layer(residual) for residual in encode.layers[0].layers]
        except (ValueError, KeyError, AttributeError):
            raise ValueError("this model's tok2vec can't be read here") from None
        self._linear, self._linear_bias = linear.get_param("W").T.copy(), linear.get_param("b")
        self._known: dict[tuple[int, int], Any] = {}

    def of(self, doc: Any) -> Any:
        """Return one row for each token of a document that holds some."""
        rows = np.zeros((len(doc) + 2 * self._pad, len(self._layers[0].gain)), dtype=np.float32)
        rows[self._pad : len(rows) - self._pad] = self._alone(doc)
        for layer in self._layers:
            rows += _beside(layer, rows)
        return rows[self._pad : len(rows) - self._pad] @ self._linear + self._linear_bias

    def _alone(self, doc: Any) -> list[Any]:
        """Return what each token looks like without its neighbours."""
        words = [(orth, norm) for orth, norm in doc.to_array([ORTH, NORM]).tolist()]
        new = {word: place for place, word in enumerate(words) if word not in self._known}
        if len(self._known) + len(new) > _REMEMBERED:
            self._known.clear()
            new = {word: place for place, word in enumerate(words)}
        if new:
            (made,) = self._embed.predict([_Tokens(doc, list(new.values()))])
            self._known.update(zip(new, made, strict=True))
        return [self._known[word] for word in words]


class _Tokens:
    """Some tokens of a document, as much of a document as spaCy's embedding layers look at."""

    def __init__(self, doc: Any, places: list[int]) -> None:
        self.vocab = doc.vocab
        self._doc = doc
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    def to_array(self, columns: Any) -> Any:
        return self._doc.to_array(columns)[self._places]


def _layer(residual: Any) -> _Layer:
    """Return the numbers of one residual layer; errors as `TokenVectors` expects them."""
    (block,) = residual.layers
    window, dense = block.layers
    maxout, norm = dense.layers[0].layers
    if window.attrs["window_size"] != 1:
        raise ValueError
    weights, bias = maxout.get_param("W"), maxout.get_param("b")  # output, piece, input
    outputs, pieces, inputs = weights.shape
    return _Layer(
        weights.transpose(2, 1, 0).reshape(inputs, pieces * outputs).copy(),
        bias.T.reshape(-1).copy(),
        norm.get_param("G"),
        norm.get_param("b"),
    )


def _beside(layer: _Layer, rows: Any) -> Any:
    """Return what a layer adds to each row, from that row and those before and after it."""
    count, width = rows.shape
    windows = np.zeros((count, 3 * width), dtype=np.float32)
    windows[1:, :width] = rows[:-1]
    windows[:, width : 2 * width] = rows
    windows[:-1, 2 * width :] = rows[1:]
    pieces = (windows @ layer.weights + layer.bias).reshape(count, -1, len(layer.gain))
    most = np.maximum.reduce(pieces, axis=1)
    most -= most.mean(axis=1, keepdims=True)
    variance = np.einsum("ij,ij->i", most, most)[:, None] / np.float32(len(layer.gain))
    most *= layer.gain / np.sqrt(variance + np.float32(_LEAST_VARIANCE))
    most += layer.shift
    return most
