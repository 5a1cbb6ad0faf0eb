"""Presidio and spaCy as one function: windows of text in, findings out. Runs in detector processes.

Invariants: nothing is downloaded, nothing is logged (Presidio's and spaCy's loggers are shut: some
lines of theirs hold text), and a window that can't be analysed raises instead of yielding nothing.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import spacy
from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.predefined_recognizers import SpacyRecognizer

from proxy.detect.artifacts import LazyArtifacts
from proxy.detect.asking import Asker
from proxy.detect.calibration import Calibration, shipped
from proxy.detect.chunk import Chunk
from proxy.detect.context import NearbyWords
from proxy.detect.gate import Gate
from proxy.detect.names.model import SecondOpinion
from proxy.detect.names.passages import Window
from proxy.detect.names.pieces import Named
from proxy.detect.names.recognizer import Names
from proxy.detect.produced import LABELS, ModelMissingError, named_by_models
from proxy.detect.readable import Plain, encoded, plain, unwrapped
from proxy.detect.recognizers import RECOGNIZERS
from proxy.detect.recognizers.customer import confirming, taught_recognizers
from proxy.detect.settings import DetectSettings
from proxy.detect.spans import RawSpan, merge, settle
from proxy.detect.structure import meant
from proxy.detect.sweep import load_lexicon
from proxy.exchange import Finding

#: Pipes that name recognition doesn't need; they are more than half of the cost.
_UNUSED_PIPES = ("tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer", "senter")
#: The model reads prose: markup around a name hides it, so it sees other characters there. One for
#: one, so offsets stay. Patterns and findings keep the text as it is.
_AS_PROSE = str.maketrans({"*": " ", "`": " ", "|": ",", "\u00a0": " ", "\u2019": "'"})
#: A line end in a string of code or JSON, which holds words together; no folder of Windows.
_ESCAPED_END = re.compile(r"(?<![\\:])(?:\\r)?\\n(?<!\\\\n)")
#: Entities whose format alone is evidence, so a model's span that covers one gives way. A URL or a
#: date isn't among them: policy may show those, and what is shown must not shield a name.
_CLOSED = frozenset(
    [
        "API_KEY",
        "JWT",
        "PASSWORD",
        "PRIVATE_KEY",
        "EMAIL_ADDRESS",
        "PHONE_NUMBER",
        "IP_ADDRESS",
        "MAC_ADDRESS",
        "CREDIT_CARD",
        "US_SSN",
        "US_ITIN",
        "UK_NINO",
        "USERNAME",
        "CRYPTO",
        "DATE_OF_BIRTH",
        "MEDICAL_RECORD",
    ]
)


#: Numbers that say themselves that they are whole, so two lines of a table don't make one.
_IN_ONE_LINE = frozenset({"CREDIT_CARD", "DATE_OF_BIRTH", "IBAN_CODE", "PHONE_NUMBER", "US_SSN"})


def _model(name: str) -> Any:
    """Load a model with its name recogniser only.

    Raises:
        ModelMissingError: it isn't installed; Presidio would download it.
    """
    if not spacy.util.is_package(name):
        raise ModelMissingError(name)
    with warnings.catch_warnings():
        # The model was trained with spaCy 3.7; 3.8 reads it and says so each time.
        warnings.filterwarnings("ignore", message=r"\[W095\]")
        return spacy.load(name, exclude=_UNUSED_PIPES)


class Engine:
    """Presidio's recognizers and the models, set up once; not for concurrent use.

    Attributes:
        produced: entities that the enabled recognizers and the model's own labels really yield.
    """

    def __init__(self, settings: DetectSettings, calibration: Calibration | None = None) -> None:
        """Load the model and build the recognizers.

        Args:
            settings: how to detect.
            calibration: what scores are worth; by default as shipped.

        Raises:
            ModelMissingError: the model isn't installed.
            NamesModelMissingError: the second model's files aren't those that were checked.
            ValueError: `disabled` names a recognizer that doesn't exist.
        """
        silence()
        language = settings.language
        self._language = language
        self._calibration = calibration or shipped()
        self._nlp = _model(settings.model)
        named = named_by_models(settings.model, settings.tier)
        self._names = Names(
            self._nlp,
            None if settings.tier == "fast" else SecondOpinion(),
            labels=LABELS,
            always=settings.tier == "thorough",
        )
        self._model = SpacyRecognizer(supported_language=language, supported_entities=sorted(named))
        recognizers = [*(build(language) for build in RECOGNIZERS), self._model]
        if unknown := set(settings.disabled) - {_name(recognizer) for recognizer in recognizers}:
            raise ValueError(f"no such recognizer: {', '.join(sorted(unknown))}")
        enabled = [one for one in recognizers if _name(one) not in settings.disabled]
        for one in enabled:
            one.load()
            one.is_loaded = True
        self._gate = Gate(one for one in enabled if one is not self._model)
        self._taught = Gate()
        # It says what the models found, so it is asked only where they found something.
        self._says_names = [self._model] if self._model in enabled else []
        self.produced = frozenset(
            entity for recognizer in enabled for entity in recognizer.supported_entities
        )
        self._stop_words = frozenset(self._nlp.Defaults.stop_words)
        self._asker = Asker(NearbyWords(self._stop_words), settings.min_score)

    def learn(self, taught: Mapping[str, Any]) -> None:
        """Know what a customer knows (`Knowledge.taught`, parsed), and nothing else of the kind."""
        customers = taught_recognizers(taught, load_lexicon(), self._language)
        self._taught = Gate(customers)
        self._asker.words = NearbyWords(self._stop_words, confirming(taught))

    def analyse(self, jobs: Sequence[tuple[Chunk, bool]]) -> list[tuple[Finding, ...]]:
        """Return the findings of each chunk, with offsets into its window.

        Args:
            jobs: chunks, each with whether models look at it or patterns only. The models take all
                of them in one batch.
        """
        try:
            found = self._read(jobs)
            for position, (piece, models) in enumerate(jobs):
                disguised = list(self._disguised(piece, models))
                if disguised:
                    found[position] = merge([*found[position], *disguised])
        finally:
            self._names.forget()
        return [
            self._calibration.all_of(each, len(piece.text))
            for each, (piece, _) in zip(found, jobs, strict=True)
        ]

    def _read(self, jobs: Sequence[tuple[Chunk, bool]]) -> list[tuple[Finding, ...]]:
        """The findings of each chunk as it is spelled."""
        named = iter(
            self._names.read(
                [
                    Window(_as_prose(piece.text), piece.start, piece.end, piece.language)
                    for piece, models in jobs
                    if models
                ]
            )
        )
        found: list[tuple[Finding, ...]] = []
        for piece, models in jobs:
            doc, names = next(named) if models else (None, [])
            spans = [self._raw(result) for result in self._analyse(piece.text, doc, names)]
            kept = list(meant(piece.text, spans)) if spans else spans
            found.append(settle(piece.text, kept, piece.start, piece.end) if kept else ())
        return found

    def _disguised(self, piece: Chunk, models: bool) -> Iterator[Finding]:
        """What is found in a window as a person reads it, and isn't spelled so."""
        if view := plain(piece.text):
            yield from self._viewed(piece, view, models)
        if (view := unwrapped(piece.text)) and self._holds_number(view):
            for one in self._viewed(piece, view, models=False):
                if one.entity in _IN_ONE_LINE:
                    yield one
        for start, end, said in encoded(piece.text):
            if piece.start <= start < piece.end:
                for one in self._read([(Chunk(said, 0, len(said), 0, piece.language), models)])[0]:
                    yield replace(one, start=start, end=end)

    def _holds_number(self, view: Plain) -> bool:
        """Say whether those who know numbers find one that a line end breaks in two.

        Most line ends between digits are none, and asking everybody costs several times as much.
        """
        recognizers = [
            one
            for one in (*self._gate.open(view.text), *self._taught.open(view.text))
            if not _IN_ONE_LINE.isdisjoint(one.supported_entities)
        ]
        found = self._asker.ask(view.text, recognizers, self._artifacts(view.text, None, ()))
        return any(view.span(one.start, one.end) for one in found)

    def _viewed(self, piece: Chunk, view: Plain, models: bool) -> Iterator[Finding]:
        whole = Chunk(view.text, 0, len(view.text), 0, piece.language)
        for one in self._read([(whole, models)])[0]:
            span = view.span(one.start, one.end)
            if span is not None and piece.start <= span[0] < piece.end:
                yield replace(one, start=span[0], end=span[1])

    def _analyse(self, text: str, doc: Any, names: Sequence[Named]) -> list[RecognizerResult]:
        recognizers = [*self._gate.open(text), *self._taught.open(text)]
        if names:
            recognizers += self._says_names
        if not recognizers:
            return []
        return self._asker.ask(text, recognizers, self._artifacts(text, doc, names))

    def _artifacts(self, text: str, doc: Any, names: Sequence[Named]) -> LazyArtifacts:
        return LazyArtifacts(
            [name._replace(label_=LABELS[name.label_]) for name in names],
            self._language,
            lambda: self._nlp.make_doc(text) if doc is None else doc,
        )

    def _raw(self, result: RecognizerResult) -> RawSpan:
        name = result.recognition_metadata["recognizer_name"]
        validated = result.analysis_explanation.validation_result is True
        return RawSpan(
            Finding(result.entity_type, result.start, result.end, round(result.score, 4), name),
            model=name == _name(self._model),
            closed=validated or result.entity_type in _CLOSED,
        )


def _as_prose(text: str) -> str:
    """The text as the models see it, each character in its place."""
    text = text.translate(_AS_PROSE)
    if "\\n" not in text:
        return text
    return _ESCAPED_END.sub(lambda end: " " * len(end.group()), text)


def _name(recognizer: EntityRecognizer) -> str:
    return str(recognizer.name)  # type: ignore[has-type]  # set in a constructor without types


def silence() -> None:
    """Shut the loggers of the libraries used here: some of their lines hold the text."""
    for name in ("presidio-analyzer", "decision_process", "spacy", "tldextract", "filelock"):
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
        logger.disabled = True
