"""Values of Kubernetes Secret manifests: everything under `data:` or `stringData:` is one.

Entity API_KEY. Names of the entries say nothing (``extra: YWRtaW4=``); the manifest's kind does.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any

from presidio_analyzer import RecognizerResult

from proxy.detect.recognizers.placeholders import stands_for_nothing
from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

_KIND = re.compile(r"\bkind\"?:[ \t]*[\"']?secret[\"']?[ \t,]*$", re.IGNORECASE | re.MULTILINE)
_DATA = re.compile(r"^(?P<indent>[ \t]*)\"?(?:data|stringData)\"?:[ \t]*\{?[ \t]*$", re.MULTILINE)
_END = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE)
_ENTRY = ValuePattern(
    "manifest",
    re.compile(
        r"(?:\s*#[^\n]*)?\s+(?P<name>[\"']?[\w.-]{1,80})[\"']?:[ \t]*(?:[|>][+-]?[ \t]*\n[ \t]+)?"
        r"[\"']?(?P<value>[^\s\"']{4,4096})[\"']?,?[ \t]*(?=\n|\Z)"
    ),
    0.75,
)
#: How far from its kind a manifest's data may stand.
_REACH = 2_000
#: What a manifest that only shows the form holds.
_ANYTHING = (b"foo", b"bar", b"baz", b"foobar")


class KubernetesSecretRecognizer(ValueRecognizer):
    """Finds API_KEY in Secret manifests."""

    ENTITY = "API_KEY"
    PATTERNS = (_ENTRY,)
    NEEDS = (frozenset({"kind"}), frozenset({"secret"}))

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: Any = None
    ) -> list[RecognizerResult]:
        """Return the values of each manifest's data; see Presidio's base class."""
        found = []
        for kind in _KIND.finditer(text):
            low = max(0, kind.start() - _REACH)
            for begin in _END.finditer(text, low, kind.start()):
                low = begin.end()
            end = _END.search(text, kind.end(), kind.end() + _REACH)
            high = end.start() if end else min(len(text), kind.end() + _REACH)
            for data in _DATA.finditer(text, low, high):
                position = data.end()
                while entry := _ENTRY.regex.match(text, position, high):
                    name = entry.start("name")
                    if name - text.rfind("\n", 0, name) - 1 <= len(data["indent"]):
                        break  # the manifest's next key
                    if not _is_nothing(entry["value"]):
                        found.append(self._result(_ENTRY, *entry.span("value")))
                    position = entry.end()
        return found


def _is_nothing(value: str) -> bool:
    """Say whether a value stands for nothing, or is one of the names for anything in base64."""
    if stands_for_nothing(value):
        return True
    try:
        return base64.b64decode(value, validate=True).strip() in _ANYTHING
    except ValueError:
        return False
