"""The egress guard: the assertion that masking did what it promises.

One pass over what is left of the caller's strings, by the rule of matching.py. Tokens that we wrote
are not the caller's; a coarser value is looked at like any text. A hit is our bug: nothing is sent.
"""

from __future__ import annotations

from bisect import bisect_right

from proxy.errors import GuardHit
from proxy.finder import Finder
from proxy.mask.masking import Masked


def check(masked: Masked, finder: Finder, tenant: str) -> None:
    """Pass silently.

    Raises:
        GuardHit: a hidden value occurs in a masked text.
    """
    found = finder.occurrences(tenant, masked.hidden, masked.texts)
    for occurrences, tokens in zip(found, masked.tokens, strict=True):
        for occurrence in occurrences:
            before = bisect_right(tokens, (occurrence.start, len(masked.texts) << 32)) - 1
            ours = before >= 0 and occurrence.end <= tokens[before][1]
            if not ours:
                raise GuardHit(
                    "A value that policy hides was still there after masking. Nothing was sent.",
                    hint="This is a defect of Privet: report it with the request id.",
                )
