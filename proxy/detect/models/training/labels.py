"""What the model says of each word piece, and one training text with its marks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: The model's classes, in the order of its outputs; all but the first are fields of
#: `names_model.Judged`, in its order.
CLASSES = (
    "O",
    "GIVEN",
    "SURNAME",
    "NUMBER",
    "STREET",
    "TOWN",
    "POSTCODE",
    "ORG",
    "NRP",
    "DATE",
)
#: A mark that leaves open what a stretch is: nothing is learnt from it.
UNKNOWN = "?"
#: A person whose name isn't divided into given name and surname yet.
PERSON = "PERSON"


@dataclass(frozen=True, slots=True)
class Marked:
    """A text, and what stands in it.

    Attributes:
        text: the text.
        marks: start, end and class (or UNKNOWN, or PERSON), in order, without overlaps.
    """

    text: str
    marks: tuple[tuple[int, int, str], ...]


def joined(pieces: Iterable[tuple[str, str]]) -> Marked:
    """Return the text that pieces of text and their classes ("O" for none) make."""
    text = ""
    marks = []
    for piece, kind in pieces:
        if kind != "O":
            marks.append((len(text), len(text) + len(piece), kind))
        text += piece
    return Marked(text, tuple(marks))
