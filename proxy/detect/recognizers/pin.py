"""The digits that a card, a telephone, a door or an alarm asks for, by label. Entity PASSWORD.

A bare `pin` is one of a connector too, whose number has fewer digits; `pin code` is an Indian
address's.
"""

from __future__ import annotations

from proxy.detect.recognizers.labelled import Kind

_LABELS = (
    "pin", "card pin", "pin number", "atm pin", "sim pin", "puk", "door code", "pin-nummer",
    "geheimzahl", "geheimnummer", "code secret", "code pin", "código pin", "número secreto",
    "codice pin", "kod pin", "gate code", "gate pin", "entry code", "alarm code", "alarm pin",
    "key safe code", "keysafe code", "lockbox code", "safe code", "padlock code", "garage code",
    "code for the alarm", "code for the door",
    "code for the gate", "code to the gate", "code for the key safe", "türcode", "tür code", "torcode", "alarmcode", "tresorcode",
    "schlüsselsafe", "geräte pin", "code de la porte", "code porte", "code d'entrée", "digicode",
    "code du portail", "code portail", "code de l'alarme", "code d'alarme", "code alarme",
    "código de la alarma", "código de alarma", "clave de la alarma", "código de la puerta",
    "código del portal", "código da porta", "código do alarme", "código do portão",
    "codice allarme", "codice dell'allarme", "codice della porta", "codice porta",
    "codice del cancello", "codice cancello", "deurcode", "poortcode", "pincode", "kluiscode",
    "kod do drzwi", "kod do bramy", "kod do domofonu", "kod alarmu", "kod do alarmu", "portkod",
    "dørkode", "ovikoodi",
)  # fmt: skip
#: "The gate PIN at the depot is 4480": in the same sentence, and said to be it.
_SAID = (
    r"(?<=[:=] )\d{4,8}|(?<= is )\d{4,8}|(?<= ist )\d{4,8}|(?<= est )\d{4,8}|(?<= es )\d{4,8}"
    r"|(?<= to )\d{4,8}|(?<= jest )\d{4,8}|(?<= è )\d{4,8}|(?<= é )\d{4,8}"
)

PINS = (Kind("PASSWORD", _LABELS, beside=r"\d{4,8}#?", near=_SAID),)
