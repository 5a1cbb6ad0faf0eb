"""What recognizers that read text in their own way declare: what they find nothing without.

`NEEDS` is a tuple of such needs, each of which has to be satisfied. One is a set of strings of which
a text holds at least one, in any case (`"0"` stands for every digit, `" "` for all white space); or
an expression that matches somewhere and is much quicker to look for than what it stands for.

`IN_WORDS` is such an expression too, of a recognizer none of whose matches holds white space: its
patterns are tried only in the words in which the expression matches.
"""

from __future__ import annotations

import re

from proxy.detect.required import needed

Need = frozenset[str] | re.Pattern[str]

A_DIGIT: Need = frozenset({"0"})


def any_of(*ways: str | re.Pattern[str]) -> frozenset[str]:
    """Return strings of which a text holds one wherever one of the ways stands in it.

    Args:
        ways: strings, and patterns without which a recognizer finds nothing.

    Raises:
        ValueError: no such strings are known of a pattern.
    """
    strings: set[str] = set()
    for way in ways:
        known = {way} if isinstance(way, str) else needed(way.pattern, way.flags)
        if not known:
            raise ValueError(f"nothing is known that {way!r} needs")
        strings |= known
    return frozenset(strings)
