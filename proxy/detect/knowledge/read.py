"""What a customer knows, read from knowledge files and made ready for those who use it.

Detector processes are taught dictionaries, patterns and context words (`taught`); the serving
process keeps the allow list. Invariants: what can't be used as a whole isn't used at all, and every
problem names file, line and column; what detectors are taught is what was checked.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from proxy.detect.allowing import AllowList
from proxy.detect.knowledge.form import (
    LONGEST,
    CaseForm,
    FiguresForm,
    KnowledgeForm,
    PatternForm,
    Source,
)
from proxy.detect.knowledge.regex import UnsafeRegexError, accepted
from proxy.detect.knowledge.terms import TermList
from proxy.detect.sweep import load_lexicon
from proxy.folding import fold
from proxy.spelling import Lexicon, canonical
from proxy.yaml_file import ConfigError, Document, Loc, Problem, read_text

#: The list of public figures that ships here.
FIGURES = Path(__file__).with_name("public_figures.txt")
#: Characters of all dictionaries together; one detector process needs some 25 bytes for each.
MOST_CHARACTERS = 40_000_000
#: What a detector is taught when there is nothing to teach.
_NOTHING = b'{"dictionaries":[],"patterns":[],"context":{}}'


@dataclass(frozen=True, slots=True)
class Test:
    """What a knowledge file says must come of a text, and where it says so."""

    name: str
    place: Problem
    form: CaseForm


@dataclass(frozen=True)
class Knowledge:
    """All that was read.

    Attributes:
        taught: what detector processes learn, as JSON.
        entities: what dictionaries and patterns yield.
        allow: what is shown although it is found.
        tests: the files' own tests, those of patterns included.
    """

    taught: bytes = _NOTHING
    entities: frozenset[str] = frozenset()
    allow: AllowList = field(default_factory=AllowList)
    tests: tuple[Test, ...] = ()

    @cached_property
    def digest(self) -> bytes:
        """16 bytes that differ whenever detectors are taught something else."""
        return hashlib.blake2b(self.taught, digest_size=16).digest()


def load(paths: Iterable[Path]) -> Knowledge:
    """Read knowledge files; several add up.

    Raises:
        ConfigError: with every problem of every file.
    """
    reading = _Reading()
    for path in paths:
        reading.read(path)
    return reading.result()


class _Reading:
    """The state of reading some files."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._dictionaries: list[dict[str, Any]] = []
        self._patterns: list[dict[str, Any]] = []
        self._context: dict[str, list[str]] = {}
        self._allowed: list[tuple[TermList, frozenset[str]]] = []
        self._figures: set[str] = set()
        self._tests: list[Test] = []
        self._characters = 0

    def read(self, path: Path) -> None:
        try:
            document = Document(read_text(path), str(path))
            form = document.read(KnowledgeForm)
        except ConfigError as error:
            self._problems += error.problems
            return
        for number, one in enumerate(form.dictionaries):
            listed = list(self._terms(document, path, ("dictionaries", number), one))
            self._characters += sum(map(len, listed))
            exact = one.case == "exact"
            said = {"entity": one.entity, "score": one.score, "exact": exact, "terms": listed}
            self._dictionaries.append(said)
        if self._characters > MOST_CHARACTERS:
            message = f"dictionaries of more than {MOST_CHARACTERS:,} characters"
            self._problems.append(document.problem(("dictionaries",), message, key=True))
        for number, pattern in enumerate(form.patterns):
            self._pattern(document, ("patterns", number), pattern)
        for entity, words in form.context.items():
            self._context.setdefault(entity, []).extend(words)
        for number, allowed in enumerate(form.allow):
            terms = tuple(self._terms(document, path, ("allow", number), allowed))
            shown = TermList(terms, exact=allowed.case == "exact")
            self._allowed.append((shown, frozenset(allowed.entities)))
        for number, figures in enumerate(form.public_figures):
            loc: Loc = ("public_figures", number)
            self._figures.update(map(canonical, self._terms(document, path, loc, figures)))
        for number, case in enumerate(form.tests):
            name = f"{path.name}: tests[{number}]"
            self._tests.append(Test(name, document.problem(("tests", number), ""), case))

    def result(self) -> Knowledge:
        if self._problems:
            raise ConfigError(self._problems)
        taught = {
            "dictionaries": self._dictionaries,
            "patterns": self._patterns,
            "context": self._context,
        }
        return Knowledge(
            json.dumps(taught, separators=(",", ":"), sort_keys=True).encode(),
            frozenset(one["entity"] for one in (*self._dictionaries, *self._patterns)),
            AllowList(self._allowed, frozenset(self._figures), load_lexicon()),
            tuple(self._tests),
        )

    def _pattern(self, document: Document, loc: Loc, form: PatternForm) -> None:
        examples = (*form.should_match, *form.should_not_match)
        try:
            compiled = accepted(form.regex, ignore_case=form.ignore_case, examples=examples)
        except UnsafeRegexError as error:
            problem = document.problem((*loc, "regex"), f"{form.name}: {error}", code="regex")
            self._problems.append(problem)
            return
        for key, wanted in (("should_match", True), ("should_not_match", False)):
            for number, text in enumerate(getattr(form, key)):
                place: Loc = (*loc, key, number)
                values = [match["value"] for match in compiled.finditer(text) if match["value"]]
                if bool(values) is not wanted:
                    said = "doesn't match" if wanted else "matches"
                    message = f"{form.name} {said} {text!r}"
                    self._problems.append(document.problem(place, message, code="example"))
                elif values:
                    case = CaseForm(text=text, finds={form.entity: tuple(values)})
                    name = f"{form.name} finds {text!r}"
                    self._tests.append(Test(name, document.problem(place, ""), case))
        said_of = form.model_dump(include={"name", "entity", "regex", "ignore_case", "score"})
        self._patterns.append(said_of | {"context": list(form.context)})

    def _terms(
        self, document: Document, path: Path, loc: Loc, source: Source | FiguresForm
    ) -> Iterator[str]:
        """Yield a source's terms that can be used, and note those that can't."""
        if source.terms is not None:
            for number, term in enumerate(source.terms):
                if problem := _unusable(term):
                    place = (*loc, "terms", number)
                    self._problems.append(document.problem(place, f"{term!r}: {problem}"))
                else:
                    yield term.strip()
            return
        file = FIGURES if source.file is None else path.parent / source.file
        try:
            lines = read_text(file).splitlines()
        except ConfigError as error:
            reason = error.problems[0].message
            self._problems.append(document.problem((*loc, "file"), reason, code="unreadable"))
            return
        for number, line in enumerate(lines, 1):
            term = line.strip()
            if not term or term.startswith("#"):
                continue
            if problem := _unusable(term):
                self._problems.append(Problem(str(file), number, 1, problem, code="term"))
            else:
                yield term


def _unusable(term: str) -> str:
    """Say why a term can't be looked for; empty if it can."""
    term = term.strip()
    if len(term) > LONGEST:
        return f"a term has {LONGEST} characters at most"
    if Lexicon().trivial(fold(term).text.strip()):
        return "too short to mean anything where it stands alone"
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in term):
        return "a term is one line of characters that can be seen"
    return ""


def files_of(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield every file that knowledge is read from, for those who watch for changes.

    A file that can't be read as knowledge is yielded alone.
    """
    for path in paths:
        yield path
        try:
            form = Document(read_text(path), str(path)).read(KnowledgeForm)
        except ConfigError:
            continue
        sources: list[Source | FiguresForm] = [*form.dictionaries, *form.allow]
        for one in (*sources, *form.public_figures):
            if one.file is not None:
                yield path.parent / one.file
