"""The digits that a card, a telephone or a door asks for, by label. Entity PASSWORD.

A bare `pin` is one of a connector too, whose number has fewer digits; `pin code` is an Indian
address's.
"""

from __future__ import annotations

from proxy.detect.recognizers.labelled import Kind

_LABELS = (
    "pin", "card pin", "pin number", "atm pin", "sim pin", "puk", "door code", "pin-nummer",
    "geheimzahl", "geheimnummer", "code secret", "code pin", "código pin", "número secreto",
    "codice pin", "kod pin",
)  # fmt: skip

PINS = (Kind("PASSWORD", _LABELS, beside=r"\d{4,8}"),)
