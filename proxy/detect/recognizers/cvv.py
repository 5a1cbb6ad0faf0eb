"""The three or four digits that are printed, not embossed, on a payment card, by label."""

from __future__ import annotations

from proxy.detect.recognizers.labelled import Kind

_LABELS = (
    "cvv", "cvv2", "cvc", "cvc2", "cvn", "csc", "cav2", "cvv cvc", "cvv/cvc", "cvc/cvv",
    "card verification", "card verification value", "security code", "security number",
    "card security code",
    "3 digit code", "three digit code", "card code", "prüfnummer", "prüfziffer", "kartenprüfnummer",
    "kartenprüfziffer", "sicherheitscode", "code de sécurité", "cryptogramme",
    "cryptogramme visuel", "code cvv", "código de seguridad", "código de verificación",
    "codice di sicurezza", "codice cvv", "código de segurança", "código de verificação",
    "beveiligingscode", "kod cvv", "kod cvc", "kod zabezpieczający", "kod bezpieczeństwa",
    "kontrollziffer", "digits on the back", "numbers on the back", "code on the back",
    "number on the back", "digits on the reverse", "security digits", "ziffern auf der rückseite",
    "code auf der rückseite", "zahl auf der rückseite", "chiffres au dos", "code au dos",
    "dígitos de atrás", "número de atrás", "código de atrás", "dígitos del reverso",
    "cifre sul retro", "codice sul retro", "dígitos no verso", "código no verso",
    "dígitos de trás", "cijfers op de achterkant", "cijfers achterop", "code achterop",
    "cyfry z tyłu", "kod z tyłu", "cyfry na odwrocie", "kod na odwrocie",
)  # fmt: skip

CVV = (Kind("CVV", _LABELS, beside=r"\d{3,4}", near=r"\d{3}"),)
