"""Rewriting the parts of one request for one endpoint.

`number` is done once for a request, `render` once for each endpoint that it may go to. What they
made of the earlier turns of a conversation serves the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from proxy.exchange import Finding, TextPart, Treatment
from proxy.mask import numbering
from proxy.mask.keyed import Keyed
from proxy.mask.masked import Masked
from proxy.mask.numbered import NOTHING, Numbered, text_at
from proxy.mask.plan import Plan, plan
from proxy.mask.rendering import Rendering
from proxy.spelling import Lexicon


@dataclass(frozen=True, slots=True)
class Numbering:
    """The numbered values of a request's parts; the same for every endpoint."""

    parts: Sequence[TextPart]
    numbered: Numbered

    def render(
        self,
        treatment: Treatment,
        key: bytes,
        before: Plan | None = None,
        keyed: Keyed | None = None,
        own_key: bytes = b"",
    ) -> Masked:
        """Hide what `treatment` hides.

        Args:
            key: for hashes and the surrogates of numbers in JSON.
            before: the plan for the parts that `numbered` goes on from, if this treatment does to
                their entities what that one did.
            keyed: what gives values their numbers where counting doesn't.
            own_key: for pseudonyms, per principal; `key` unless it is given.

        Raises:
            CannotMask: a hidden value stands where no placeholder fits, or two have one token.
        """
        planned = plan(self.parts, self.numbered, treatment, before)
        return Rendering(self.parts, self.numbered, planned, key, keyed, own_key or key).run()

    def spellings(self) -> dict[str, str]:
        """Every value as the caller wrote it, hidden or not, by its token: ``PERSON_1``."""
        placed = {index for part in self.numbered.placed for index in part.values()}
        found = {}
        for spelling in (self.numbered.spellings[index] for index in sorted(placed)):
            value = self.numbered.values[spelling.values[0]]
            if not value.literal:
                token = f"{value.name}_{value.number}{spelling.letter}"
                found[token] = text_at(self.parts, spelling.at)
        return found


def number(
    parts: Sequence[TextPart],
    findings: Sequence[Sequence[Finding]],
    before: Numbered = NOTHING,
    lexicon: Lexicon | None = None,
) -> Numbering:
    """Number the (swept) findings of each part; see `numbering.assign`."""
    return Numbering(parts, numbering.assign(parts, findings, before, lexicon))
