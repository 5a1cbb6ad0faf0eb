"""Who found what, and why; and what a pattern saw that wasn't kept.

Findings come from the detector as they are. Why is found out by asking each recognizer again, chunk
by chunk as the detector does, and by asking the context words. Invariant: nothing here changes what
is found; a finding that no pattern explains is a model's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import spacy

from proxy.detect.chunk import Chunk, chunk
from proxy.detect.context import NearbyWords
from proxy.detect.knowledge.read import Knowledge
from proxy.detect.recognizers import RECOGNIZERS
from proxy.detect.recognizers.customer import confirming, taught_recognizers
from proxy.detect.settings import DetectSettings
from proxy.detect.sweep import load_lexicon
from proxy.exchange import Finding

Place = tuple[int, int, str, str]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was found, or was left.

    Attributes:
        finding: entity, offsets into the text, final score, recognizer.
        kept: whether the detector reports it.
        how: the pattern that matched, or what else it was found by.
        before: score before context words were counted.
        raised: score after that; the finding's own says how often such findings are right.
        validated: what check digits or a closed format said; None if there are none.
        context: context words before the value that raised its score.
    """

    finding: Finding
    kept: bool
    how: str
    before: float
    raised: float
    validated: bool | None
    context: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        found = self.finding
        return {
            "entity": found.entity,
            "start": found.start,
            "end": found.end,
            "score": round(found.score, 4),
            "recognizer": found.recognizer,
            "kept": self.kept,
            "shown": found.shown,
            "how": self.how,
            "score_before_context": round(self.before, 4),
            "score_after_context": round(self.raised, 4),
            "validated": self.validated,
            "context": list(self.context),
        }

    def sentence(self, min_score: float) -> str:
        """Say it in words."""
        said = [f"{self.how}, {self.before:.2f}"]
        if self.validated:
            said.append("its format or check digits confirm it")
        if self.context:
            said.append(f"raised by {', '.join(map(repr, self.context))} before it")
        if self.kept and self.finding.score != self.raised:
            said.append(f"of findings like it {self.finding.score:.0%} are right")
        if not self.kept and self.finding.score < min_score:
            said.append(f"left: below {min_score:.2f}, and no context word raises it enough")
        elif not self.kept:
            said.append("left: a stronger finding covers it")
        if self.finding.shown:
            said.append("shown: an allow list says so")
        return "; ".join(said)


def reasons(
    text: str, findings: Sequence[Finding], settings: DetectSettings, knowledge: Knowledge
) -> list[Reason]:
    """Explain findings, and list what patterns saw besides; in order of position.

    Args:
        text: the text.
        findings: what the detector found in it.
        settings: the detector's.
        knowledge: the detector's.
    """
    seen = _seen(text, settings, knowledge)
    kept = [
        replace(seen[_place(found)], finding=found, kept=True)
        if _place(found) in seen
        else Reason(found, True, "a model", found.score, found.score, None, ())
        for found in findings
    ]
    places = {_place(found) for found in findings}
    left = [reason for place, reason in seen.items() if place not in places]
    return sorted([*kept, *left], key=lambda one: (one.finding.start, not one.kept))


def _place(found: Finding) -> Place:
    return found.start, found.end, found.entity, found.recognizer


def _seen(text: str, settings: DetectSettings, knowledge: Knowledge) -> dict[Place, Reason]:
    """Return the best of what each recognizer says about each place in the text."""
    built: list[Any] = [build(settings.language) for build in RECOGNIZERS]
    recognizers = [one for one in built if str(one.name) not in settings.disabled]
    taught = json.loads(knowledge.taught)
    recognizers += taught_recognizers(taught, load_lexicon(), settings.language)
    stop_words = frozenset(spacy.blank(settings.language).Defaults.stop_words)
    words = NearbyWords(stop_words, confirming(taught))
    seen: dict[Place, Reason] = {}
    for piece in chunk(text, settings.chunk_chars):
        for recognizer in recognizers:
            for result in recognizer.analyze(piece.text, recognizer.supported_entities, None) or ():
                if piece.start <= result.start < piece.end:
                    reason = _reason(piece, recognizer, result, words)
                    known = seen.get(_place(reason.finding))
                    if known is None or known.finding.score < reason.finding.score:
                        seen[_place(reason.finding)] = reason
    return seen


def _reason(piece: Chunk, recognizer: Any, result: Any, words: NearbyWords) -> Reason:
    before = float(result.score)
    words.enhance_using_context(piece.text, [result], None, [recognizer])
    nearby = " ".join(words.words_before(piece.text, result.start))
    phrases = (*(recognizer.context or ()), *words.confirming(result.entity_type))
    raising = [word for word in phrases if word.lower() in nearby]
    how = result.analysis_explanation
    name = getattr(how, "pattern_name", None)
    return Reason(
        Finding(
            result.entity_type,
            result.start + piece.origin,
            result.end + piece.origin,
            round(result.score, 4),
            str(recognizer.name),
        ),
        kept=False,
        how=f"pattern {name!r}" if name else "rules of its own",
        before=before,
        raised=round(result.score, 4),
        validated=getattr(how, "validation_result", None),
        context=tuple(raising) if result.score > before else (),
    )
