"""spaCy's name recogniser, read in one pass: the same names as `nlp(text)`, at a third of the cost.

spaCy decides token by token, and multiplies one row by a matrix for each. But outside a name what
it decides depends on the token alone (its state is the next token, the first of the open name and
the one before the next), so here those decisions are made for all tokens at once, and one after
another only inside a name. What is multiplied is multiplied by numpy: the BLIS in spaCy's wheels is
built for any processor and takes three times as long.

Invariant: the decisions are spaCy's, the BILUO moves of `spacy/pipeline/_parser_internals/ner.pyx`
as they are without preset entities and sentence starts, which a tokenizer alone doesn't set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from spacy.pipeline import EntityRecognizer
from thinc.api import NumpyOps

from proxy.detect.names.pieces import Named
from proxy.detect.names.vectors import TokenVectors

#: A text as a spaCy document, and the names in it.
Read = Callable[[str], tuple[Any, list[Named]]]
#: Features of a state: the next token, the first of the open name, the one before the next.
_FEATURES = 3


def reader(nlp: Any, score: float) -> Read:
    """Return what reads names with a pipeline: in one pass if it can be, else as spaCy does.

    Args:
        nlp: the loaded pipeline; its `ner` is taken over.
        score: how sure it is of every name; it gives no probability.
    """

    def as_it_comes(text: str) -> tuple[Any, list[Named]]:
        doc = nlp(text)
        return doc, [Named(one.start_char, one.end_char, one.label_, score) for one in doc.ents]

    try:
        return NameRecogniser(nlp, score).read
    except ValueError:
        return as_it_comes


class NameRecogniser:
    """The `ner` pipe of a pipeline; not for concurrent use."""

    def __init__(self, nlp: Any, score: float) -> None:
        """Take over the pipe; ValueError if it isn't built as those of spaCy's CPU models are."""
        ner = nlp.get_pipe("ner") if nlp.has_pipe("ner") else None
        if not isinstance(ner, EntityRecognizer) or ner.cfg["beam_width"] != 1:
            raise ValueError("this model's name recogniser isn't a greedy one of spaCy's")
        model = ner.model
        lower, upper = model.get_ref("lower"), model.get_ref("upper")
        if not model.attrs["has_upper"] or lower.get_dim("nF") != _FEATURES:
            raise ValueError("this model's name recogniser can't be read in one pass")
        self._nlp = nlp
        self._score = score
        self._vectors = TokenVectors(model.get_ref("tok2vec"))
        for layer in model.walk():
            layer.ops = NumpyOps(use_blis=False)
        self._pieces = lower.get_dim("nP")
        inputs = lower.get_dim("nI")
        #: For each feature: from a token's vector to its part of the hidden layer.
        self._parts = [part.reshape(-1, inputs).T.copy() for part in lower.get_param("W")]
        self._bias = lower.get_param("b").reshape(-1)
        _, no_first, no_last = lower.get_param("pad")[0].reshape(_FEATURES, -1)
        self._no_name = no_first + no_last + self._bias
        self._upper, self._upper_bias = upper.get_param("W").T.copy(), upper.get_param("b")
        unseen = model.attrs["unseen_classes"]
        moves = [ner.moves.get_class_name(number) for number in range(ner.moves.n_moves)]
        number_of = {move: number for number, move in enumerate(moves) if number not in unseen}
        self._moves = moves
        #: The moves that can end a name and go on with it, by the move that began it.
        self._inside = {
            number: (number_of[f"I-{move[2:]}"], number_of[f"L-{move[2:]}"])
            for move, number in number_of.items()
            if move.startswith("B-")
        }
        self._out = number_of["O"]
        self._alone = [number for move, number in number_of.items() if move.startswith("U-")]

    def read(self, text: str) -> tuple[Any, list[Named]]:
        """Return the text as a spaCy document, and the names in it."""
        doc = self._nlp.make_doc(text)
        return doc, list(self._names(doc)) if len(doc) else []

    def _names(self, doc: Any) -> Iterator[Named]:
        vectors = self._vectors.of(doc)
        nexts, firsts, lasts = (vectors @ part for part in self._parts)
        choices = self._outside(doc, nexts)
        last = len(doc) - 1
        place = 0
        while place <= last:
            choice = choices[place]
            start = place
            if choice in self._inside:
                go_on, end = self._inside[choice]
                while (place := place + 1) < last:
                    hidden = nexts[place] + firsts[start] + lasts[place - 1] + self._bias
                    scores = self._scores(hidden)
                    # Of two that score alike, spaCy takes the one with the lower number.
                    if (scores[end], -end) > (scores[go_on], -go_on):
                        break
            place += 1
            if choice != self._out:
                closing = doc[place - 1]
                label = self._moves[choice][2:]
                yield Named(doc[start].idx, closing.idx + len(closing), label, self._score)

    def _outside(self, doc: Any, nexts: Any) -> list[int]:
        """Return the move at each token, if no name is open there: B, U or O."""
        scores = self._scores(nexts + self._no_name)
        allowed = np.full(scores.shape[1], -np.inf, dtype=scores.dtype)
        allowed[[*self._inside, *self._alone, self._out]] = 0
        scores += allowed
        scores[-1, list(self._inside)] = -np.inf  # a name that begins here also ends here
        spaces = [token.i for token in doc if token.is_space]
        scores[np.ix_(spaces, [*self._inside, *self._alone])] = -np.inf
        choices: list[int] = scores.argmax(axis=-1).tolist()
        return choices

    def _scores(self, hidden: Any) -> Any:
        most = hidden.reshape(*hidden.shape[:-1], -1, self._pieces).max(axis=-1)
        return most @ self._upper + self._upper_bias
