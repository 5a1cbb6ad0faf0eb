"""The second opinion on names: a small multilingual token classifier, run by onnxruntime.

Six layers, 384 wide, as 7-bit integers: Rampart (National Design Studio, CC BY 4.0), trained on by
us; models/README.md says where it comes from and what became of it. The last three layers read only
pieces that may be part of a name by what the first three make of them. Invariants: a file whose
SHA-256 differs from the one written here is refused; nothing is downloaded; one thread; a passage
gets the same answer whatever else is in the batch, because passages run one by one.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

# From 1.32 on onnxruntime's Linux builds report use to Microsoft from a native thread, out of sight
# of any Python guard. Read when the library is loaded, so it has to stand here first.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from proxy.detect.names.wordpiece import Word, WordPiece

_FOLDER = Path(__file__).parents[1] / "models"
_FILES = {
    "names.onnx": "d22f0e6121e820f09fbbdd2a4a5a3ce445367929133ef0556ddfd7accb0bcb87",
    "names.vocab.txt": "0fbe6b50061feabb9be68af471e9aa6df07a4bc428bdca4b0eff1fcd3612dee5",
}
#: Pieces that one run may hold besides the two that frame it.
_WINDOW = 510


class NamesModelMissingError(Exception):
    """A file of the second model is missing, or isn't the one that was checked."""


class Judged(NamedTuple):
    """A word, and how likely it is part of what (each 0 to 1), in the order of the model's outputs.

    Attributes:
        start: where it starts in the passage.
        end: where it ends.
        given: of a given name.
        surname: of a surname.
        number: of a house number.
        street: of a street's name.
        town: of a town, a country or another place.
        postcode: of a postcode or a flat within a house.
        organization: of an organization's name.
        nationality: of a nationality, religion or party.
        date: of a date.
    """

    start: int
    end: int
    given: float
    surname: float
    number: float
    street: float
    town: float
    postcode: float
    organization: float = 0.0
    nationality: float = 0.0
    date: float = 0.0

    def moved(self, by: int) -> Judged:
        """Return the word with its place in a longer text, in which the passage starts at `by`."""
        return Judged(self[0] + by, self[1] + by, *self[2:])

    @property
    def name(self) -> float:
        """How likely it is part of a person's name."""
        return self.given + self.surname

    @property
    def otherwise(self) -> float:
        """How likely it is part of another name than a person's."""
        return self.town + self.organization

    @property
    def address(self) -> float:
        """How likely it is part of an address, the town included."""
        return self.number + self.street + self.town + self.postcode


class SecondOpinion:
    """The loaded model; not for concurrent use."""

    def __init__(self) -> None:
        """Load it.

        Raises:
            NamesModelMissingError: a file is missing or isn't the one that was checked.
        """
        self._judged: dict[str, list[Judged]] = {}
        weights, vocabulary = (_checked(name, digest) for name, digest in _FILES.items())
        self._scheme = WordPiece(vocabulary.decode().splitlines())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # fatal only
        # The graph is written as it is to run (models/graph.py).
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        self._session = onnxruntime.InferenceSession(
            weights, options, providers=["CPUExecutionProvider"]
        )

    def judge(self, passage: str) -> list[Judged]:
        """Return what each word of the passage may be; linear in its length.

        A passage that was read since the last `forget` isn't read again: most of a text that is
        looked at once more, as a person reads it, is spelled as it was.
        """
        if passage not in self._judged:
            self._judged[passage] = self._read(passage)
        return self._judged[passage]

    def forget(self) -> None:
        """Forget the passages; called after each batch, so that no text stays."""
        self._judged.clear()

    def _read(self, passage: str) -> list[Judged]:
        judged: list[Judged] = []
        window: list[Word] = []
        room = _WINDOW
        for word in self._scheme.words(passage):
            if len(word.pieces) > room:
                judged += self._run(window)
                window, room = [], _WINDOW
            window.append(word)
            room -= len(word.pieces)
        return judged + self._run(window)

    def _run(self, words: Sequence[Word]) -> list[Judged]:
        if not words:
            return []
        pieces = [piece for word in words for piece in word.pieces]
        cases = [word.case for word in words for _ in word.pieces]
        numbers = np.array([[self._scheme.first, *pieces, self._scheme.last]], dtype=np.int64)
        inputs = {"pieces": numbers, "cases": np.array([[0, *cases, 0]], dtype=np.int64)}
        kept, logits = self._session.run(["kept", "logits"], inputs)
        odds = np.exp(logits[0] - logits[0].max(axis=-1, keepdims=True))
        likely = np.zeros((numbers.size, odds.shape[-1]), dtype=np.float32)
        likely[kept] = odds / odds.sum(axis=-1, keepdims=True)
        starts = np.cumsum([0, *(len(word.pieces) for word in words[:-1])])
        means = np.add.reduceat(likely[1:-1, 1:], starts) / [[len(word.pieces)] for word in words]
        return [
            Judged(word.start, word.end, *row)
            for word, row in zip(words, means.tolist(), strict=True)
        ]


def _checked(name: str, digest: str) -> bytes:
    """Return a file of the model if it is the one that was checked."""
    path = _FOLDER / name
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != digest:
        raise NamesModelMissingError(f"{name} is missing or isn't the file that was checked")
    return content
