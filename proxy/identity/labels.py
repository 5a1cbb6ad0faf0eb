"""What callers say about a request: the labels in its header fields.

    x-privet-labels: purpose=research, subjects=us

What a label means is for policy to say; a name that policy doesn't know is refused, since a caller
who sends it expects something of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from proxy.errors import BadRequest

HEADER = "x-privet-labels"

_LABEL = re.compile(r"([a-z][a-z0-9_-]{0,63})=([^\s,=](?:[^,=]{0,254}[^\s,=])?)")
_MOST = 32


def declared(headers: Mapping[str, str], known: Collection[str]) -> dict[str, str]:
    """The labels of a request, from every header field of that name; `known`: those of the policy.

    Raises:
        BadRequest: not of the form above, two values for a label, or a label that isn't known.
    """
    labels: dict[str, str] = {}
    for name, value in headers.items():
        if name.lower() != HEADER:
            continue
        for said in value.split(","):
            match = _LABEL.fullmatch(said.strip())
            if match is None or len(labels) == _MOST:
                raise BadRequest(
                    f"The header {HEADER} can't be read.",
                    hint="Write it as `purpose=research, subjects=us`.",
                )
            if match[1] in labels:
                raise BadRequest(f"The header {HEADER} gives a label twice.")
            if match[1] not in known:
                hint = f"It knows {', '.join(sorted(known))}."
                raise BadRequest(f"Policy knows no such label as one in {HEADER}.", hint=hint)
            labels[match[1]] = match[2]
    return labels
