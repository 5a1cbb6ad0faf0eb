"""The corpus as documents, with every secret filled in: `load()`.

prompts.jsonl holds `{{secret:<kind>}}` for secrets, each of them a whole span. Filling one in moves
the offsets of all that follows. The seed is the document's id and the span's place in it, so that
the corpus is the same on every machine. `python -m tests.corpora.load FILE` writes it filled in, as
JSON Lines for `privet detect eval`; don't commit that file.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.corpora.build import IMPERSONAL, PROMPTS, SECRET
from tests.corpora.fakes import fake


@dataclass(frozen=True, slots=True)
class Span:
    """What should be found: character offsets, `end` exclusive."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Document:
    """One labelled prompt; `src` is `privet/<genre>`."""

    id: str
    text: str
    spans: tuple[Span, ...]
    lang: str
    src: str

    @property
    def personal(self) -> bool:
        """Whether anything but places, dates, organizations and URLs is in it."""
        return any(span.label not in IMPERSONAL for span in self.spans)


def load() -> list[Document]:
    """Every document, in the order of the file."""
    return [filled(json.loads(line)) for line in PROMPTS.read_text(encoding="utf-8").splitlines()]


def filled(record: dict[str, Any]) -> Document:
    """One line of prompts.jsonl as a document, its secrets filled in and its offsets moved."""
    source = record["text"]
    text, spans, copied = "", [], 0
    for index, span in enumerate(record["spans"]):
        value = source[span["start"] : span["end"]]
        secret = SECRET.fullmatch(value)
        if secret:
            value = fake(secret.group(1), f"{record['id']}/{index}")
        text += source[copied : span["start"]]
        spans.append(Span(len(text), len(text) + len(value), span["label"]))
        text += value
        copied = span["end"]
    return Document(
        id=record["id"],
        text=text + source[copied:],
        spans=tuple(spans),
        lang=record["lang"],
        src=record["src"],
    )


def main() -> None:
    """Write the corpus, filled in, to the file named on the command line."""
    lines = (json.dumps(asdict(document), ensure_ascii=False) + "\n" for document in load())
    Path(sys.argv[1]).write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
