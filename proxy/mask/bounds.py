"""Whether a spelling in an answer stands alone: no letter or digit on either side."""

from __future__ import annotations

import re

from proxy.exchange import Channel

#: Characters that are enough to see whether a letter belongs to an escape such as \u0041.
LOOK_BEHIND = 8
_ESCAPED_LETTER = re.compile(r"\\(?:[bfnrt]|u[0-9A-Fa-f]{4})\Z")


def bounded(text: str, start: int, end: int, channel: Channel) -> bool:
    """Whether ``text[start:end]`` stands alone."""
    return free_before(text, start, channel) and free_after(text, end)


def free_before(text: str, at: int, channel: Channel) -> bool:
    """Whether no letter or digit stands before `at`; in JSON `\\n` isn't a letter."""
    if at == 0 or not text[at - 1].isalnum():
        return True
    before = text[max(0, at - LOOK_BEHIND) : at]
    return channel is Channel.JSON and bool(_ESCAPED_LETTER.search(before))


def free_after(text: str, at: int) -> bool:
    """Whether no letter or digit stands at `at`."""
    return at >= len(text) or not text[at].isalnum()
