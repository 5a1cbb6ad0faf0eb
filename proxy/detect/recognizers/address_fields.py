"""Streets and postcodes in fields of their own: JSON keys, columns, `PLZ: 26121`.

There the label says what the value is, so the value may be any name with a number, or any postcode.
"""

from __future__ import annotations

from proxy.detect.recognizers.address_formats import CAPITAL, NUMBER, POSTCODE
from proxy.detect.recognizers.labelled import Kind

_STREET = (
    "street", "street address", "street name", "address", "address line", "address line 1",
    "address line 2", "address 1", "address 2", "address1", "address2", "addr", "addr1",
    "line1", "line 1",
    "line2", "home address", "mailing address", "postal address", "billing address",
    "shipping address",
    "delivery address", "residence", "registered office", "registered address", "current address",
    "straße", "strasse", "str", "strasse und hausnummer", "strasse hausnummer", "strasse nr",
    "anschrift", "adresse", "wohnanschrift", "privatanschrift", "lieferadresse", "rechnungsadresse",
    "wohnadresse", "meldeadresse", "postanschrift", "wohnort", "wohnhaft",
    "rue", "voie", "adresse postale", "domicile", "adresse de livraison", "adresse de facturation",
    "dirección", "domicilio", "calle", "dirección postal", "dirección de envío",
    "indirizzo", "residenza", "via", "indirizzo di residenza",
    "morada", "endereço", "rua", "logradouro", "residência", "endereço residencial",
    "adres", "straat", "woonadres", "bezorgadres", "postadres",
    "adres zamieszkania", "adres zameldowania", "adres do korespondencji", "ulica",
    "zamieszkały", "zamieszkała",
    "adress", "gatuadress", "bostadsadress", "gade", "osoite", "katuosoite", "adresa", "bydliště",
)  # fmt: skip
_POSTCODE = (
    "zip", "zip code", "zipcode", "postcode", "post code", "postal code", "postalcode", "plz",
    "postleitzahl", "code postal", "código postal", "cod postal", "codice postale", "cep",
    "kod pocztowy",
    "kod poczt", "postnummer", "postnr", "postinumero", "psč", "eircode", "postal", "pin code",
)  # fmt: skip
#: These mean other things too (a cap of 1000), so only five digits count.
_POSTCODE_SHORT = ("cp", "cap", "c.p.", "c.a.p.")

_WORD = rf"[{CAPITAL}][\w.'\u2019\u00b4-]{{0,30}}"
#: Words in a street's name without a capital.
_SMALL = (
    r"(?:d(?:e|el|er|es|em|en|u|i|a|o|os|as|ella|elle|ei)|l[aeo]s?|van|von|of|the|y|am|an|zum|zur"
    r"|st|rd|ave|ul)"
)
_WORDS = rf"(?:[ ](?:{_WORD}|{_SMALL}|\d{{1,3}}(?:st|nd|rd|th)))"
#: A name and a number, or a number and a name. The name has a capital letter.
_LINE = (
    rf"(?-i:{_WORD}{_WORDS}{{0,5}},?[ ](?:n[º°.][ ]?)?{NUMBER}|\d{{1,5}}[A-Za-z]?,?{_WORDS}{{1,6}})"
)


def _told(value: str) -> bool:
    """Say whether words with a number can be an address: one word has three letters or more."""
    return any(len(word) > 2 and word.isalpha() for word in value.replace("-", " ").split())


ADDRESS_FIELDS = (
    Kind("ADDRESS", _STREET, assigned=_LINE, plausible=_told),
    Kind("ADDRESS", _POSTCODE, assigned=POSTCODE),
    Kind("ADDRESS", _POSTCODE_SHORT, assigned=r"\d{5}(?:-\d{3})?"),
)
