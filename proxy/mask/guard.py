"""The egress guard: the assertion that masking did what it promises.

One pass over what is left of the caller's strings, by the rule of matching.py. Tokens that we wrote
are not the caller's; a coarser value is looked at like any text. A hit is our bug: nothing is sent.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from proxy.errors import CannotMask, GuardHit
from proxy.exchange import OpaquePart
from proxy.mask.masked import Masked
from proxy.matching import Matcher
from proxy.spelling import Lexicon


def check(masked: Masked, lexicon: Lexicon, sent: Sequence[str] = ()) -> None:
    """Pass silently.

    Args:
        sent: the strings that the provider will read, out of the very body that is sent. Those
            that masking didn't write are looked at too: a body that lost an edit holds them.

    Raises:
        GuardHit: a hidden value occurs in a masked text, or in one that is sent.
    """
    written = set(masked.texts)
    strange = [text for text in sent if text not in written]
    found = Matcher(masked.hidden, lexicon).occurrences_in([*strange, *masked.texts])
    if any(found[: len(strange)]):
        raise _hit()
    for occurrences, tokens in zip(found[len(strange) :], masked.tokens, strict=True):
        for occurrence in occurrences:
            before = bisect_right(tokens, (occurrence.start, len(masked.texts) << 32)) - 1
            ours = before >= 0 and occurrence.end <= tokens[before][1]
            if not ours:
                raise _hit()


def check_opaque(masked: Masked, opaque: Sequence[OpaquePart], lexicon: Lexicon) -> None:
    """Pass silently where no hidden value can be read in what is opaque, once base64 is decoded.

    Nothing can be put in its place there: a file that is rewritten is no file any more.

    Raises:
        CannotMask: one can.
    """
    encoded = [part for part in opaque if part.encoded]
    if not encoded or not masked.hidden:
        return
    found = Matcher(masked.hidden, lexicon).occurrences_in([part.encoded for part in encoded])
    for part, occurrences in zip(encoded, found, strict=True):
        # What the base64 itself happens to spell is nobody's name.
        if any(occurrence.encoded for occurrence in occurrences):
            raise CannotMask(
                f"A value that policy hides can be read in what is opaque here ({part.kind}).",
                hint="Leave it out, or ask for a model that may see the value.",
            )


def _hit() -> GuardHit:
    return GuardHit(
        "A value that policy hides was still there after masking. Nothing was sent.",
        hint="This is a defect of Privet: report it with the request id.",
    )
