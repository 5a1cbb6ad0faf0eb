"""Texts that people annotated, as training texts.

`shared/eval` holds some as JSON Lines; the others are public repositories, checked out beside each
other (README.md names each with its licence). Of a Universal Dependencies treebank only what its
word classes say is certain: a word that isn't a proper noun is no name, and what a proper noun
names stays unknown until a teacher (`teacher.py`) says it.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from proxy.detect.models.training.labels import PERSON, UNKNOWN, Marked

#: Label of a corpus → class. What isn't here is nobody's name; UNKNOWN: annotators disagree.
KINDS = {
    "PER": PERSON,
    "PERSON": PERSON,
    "person": PERSON,
    "LOC": "TOWN",
    "location": "TOWN",
    "place": "TOWN",
    "ORG": "ORG",
    "corporation": "ORG",
    "organization": "ORG",
    "group": UNKNOWN,
    "creative-work": UNKNOWN,
    "MISC": UNKNOWN,
    "NOMBRE_SUJETO_ASISTENCIA": PERSON,
    "NOMBRE_PERSONAL_SANITARIO": PERSON,
    "CALLE": UNKNOWN,
    "TERRITORIO": "TOWN",
    "PAIS": "TOWN",
    "FECHAS": "DATE",
    "HOSPITAL": "ORG",
    "INSTITUCION": "ORG",
    "CENTRO_SALUD": "ORG",
}
#: GUM's genres whose texts may be shared under CC BY or CC BY-SA.
_GUM_GENRES = ("academic", "bio", "court", "interview", "news", "voyage")
_NO_SPACE = "SpaceAfter=No"


def annotated(path: Path, keep: Callable[[str], bool] = lambda _: True) -> Iterator[Marked]:
    """Yield the documents of a JSON Lines file (`text`, `spans`) that `keep` says to keep."""
    for line in path.read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        text = document["text"]
        if keep(text):
            spans = sorted((one["start"], one["end"], one["label"]) for one in document["spans"])
            marks = [
                (low, high, "POSTCODE" if kind == "TOWN" and text[low:high].isdigit() else kind)
                for low, high, kind in _known(spans)
            ]
            yield Marked(text, tuple(marks))


def for_training(text: str) -> bool:
    """Say whether a document of a set without a test part is trained on; half of them are."""
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 0


def tweets(repository: Path) -> Iterator[Marked]:
    """Yield the Broad Twitter Corpus, whose CoNLL files have one word and one label a line."""
    for part in "abefgh":
        for block in re.split(r"\n\s*\n", _shown(repository, f"{part}.conll")):
            rows = [line.rsplit(None, 1) for line in block.splitlines() if line.strip()]
            words = [(row[0], row[1]) for row in rows if len(row) == 2]
            if words:
                yield _spaced((word, _class(label), True) for word, label in words)


def treebank(repository: Path, names: Iterable[str]) -> Iterator[Marked]:
    """Yield the sentences of CoNLL-U files, proper nouns UNKNOWN and all other words no names."""
    for name in names:
        for sentence in _sentences(_shown(repository, name)):
            yield _spaced(
                (word, UNKNOWN if tag in ("PROPN", "X", "NUM", "SYM") else "O", space)
                for word, tag, space, _ in sentence
            )


def gum(repository: Path) -> Iterator[Marked]:
    """Yield GUM's sentences: a proper noun is what the innermost entity around it is."""
    listing = _git(repository, "ls-tree", "-r", "--name-only", "HEAD", "dep/")
    for name in listing.splitlines():
        if name.startswith(tuple(f"dep/GUM_{genre}_" for genre in _GUM_GENRES)):
            open_kinds: list[tuple[str, str]] = []
            for sentence in _sentences(_shown(repository, name)):
                yield _spaced(_entities(sentence, open_kinds))


def treebank_files(repository: Path) -> list[str]:
    """Return the development and test files of a treebank; its training file is too large."""
    names = _git(repository, "ls-tree", "--name-only", "HEAD").splitlines()
    return [name for name in names if name.endswith(("-dev.conllu", "-test.conllu"))]


def ewt_files(repository: Path) -> list[str]:
    """Return the documents of English-EWT's training part, and of no other."""
    listed = _shown(repository, "not-to-release/file-lists/files.train")
    return [f"not-to-release/sources/{name}" for name in listed.split()]


_Row = tuple[str, str, bool, str]


def _sentences(text: str) -> Iterator[list[_Row]]:
    for block in text.split("\n\n"):
        rows: list[_Row] = []
        covered = 0
        for line in block.splitlines():
            cells = line.split("\t")
            if len(cells) < 10 or "." in cells[0]:
                continue
            space = _NO_SPACE not in cells[9]
            if "-" in cells[0]:  # several syntactic words written as one
                covered = int(cells[0].split("-")[1])
                rows.append((cells[1], "", space, cells[9]))
            elif int(cells[0]) <= covered:
                last = rows[-1]
                tag = "PROPN" if "PROPN" in (cells[3], last[1]) else cells[3]
                rows[-1] = (last[0], tag, last[2], f"{last[3]}|{cells[9]}")
            else:
                rows.append((cells[1], cells[3], space, cells[9]))
        if rows:
            yield rows


def _entities(
    sentence: Iterable[_Row], open_kinds: list[tuple[str, str]]
) -> Iterator[tuple[str, str, bool]]:
    """Yield words with the class of the innermost entity; `open_kinds` lasts over sentences."""
    for word, tag, space, notes in sentence:
        marks = "".join(re.findall(r"Entity=([^|]*)", notes))
        closing = []
        for mark in re.finditer(r"\((\d+)-(\w+)[^()]*(\))?|(\d+)\)", marks):
            if mark[4]:
                closing.append(mark[4])
                continue
            open_kinds.append((mark[1], mark[2]))
            if mark[3]:
                closing.append(mark[1])
        kind = open_kinds[-1][1] if open_kinds else ""
        yield word, KINDS.get(kind, UNKNOWN) if tag == "PROPN" else "O", space
        for number in closing:
            for place in range(len(open_kinds) - 1, -1, -1):
                if open_kinds[place][0] == number:
                    del open_kinds[place]
                    break


def _spaced(words: Iterable[tuple[str, str, bool]]) -> Marked:
    """Join words (text, class, whether a space follows) into a text; like classes join."""
    text = ""
    marks: list[tuple[int, int, str]] = []
    for word, kind, space in words:
        start = len(text)
        text += word
        if kind != "O":
            if marks and marks[-1][2] == kind and not text[marks[-1][1] : start].strip():
                start = marks.pop()[0]
            marks.append((start, len(text), kind))
        text += " " if space else ""
    return Marked(text.rstrip(), tuple(marks))


def _known(spans: Iterable[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    end = 0
    for low, high, label in spans:
        if low >= end and (kind := _class(label)) != "O":
            yield low, high, kind
            end = high


def _class(label: str) -> str:
    return KINDS.get(label.removeprefix("B-").removeprefix("I-"), "O")


def _shown(repository: Path, name: str) -> str:
    return _git(repository, "show", f"HEAD:{name}")


def _git(repository: Path, *arguments: str) -> str:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
