"""Vehicles: registration plates by label and country format, identification numbers by check digit.

A plate's format is that of many a product code, so a label or a word for a vehicle stands near it.
The check digit of a vehicle identification number (ISO 3779; 49 CFR 565.15) is compulsory in North
America and China only; elsewhere its label decides.
"""

from __future__ import annotations

import re

from proxy.detect.recognizers.labelled import Kind

_PLATE = (
    "license plate", "licence plate", "number plate", "numberplate", "plate", "plate no", "plates",
    "registration plate", "vehicle registration", "car registration", "registered as",
    "vehicle reg", "car reg", "reg no", "reg number", "reg plate", "vrm", "vrn",
    "registration mark", "tag no", "kennzeichen", "kfz kennzeichen", "nummernschild",
    "amtliches kennzeichen", "kontrollschild", "immatriculation", "plaque d'immatriculation",
    "plaque", "immatriculée", "immatriculé", "matrícula", "matrículas", "placa", "placas", "chapa",
    "targa", "targata", "targato", "placa do carro", "kenteken", "nummerplaat",
    "tablica rejestracyjna", "numer rejestracyjny", "nr rejestracyjny", "nr rej",
    "numerze rejestracyjnym", "rejestracja", "o nr rej", "registreringsnummer", "spz", "regnr", "reg nr", "registreringsnr", "nummerplade", "plaka",
    "plakas\u0131", "plakal\u0131", "rendszám", "rekisterinumero", "număr de înmatriculare",
    "nr de înmatriculare", "nr înmatriculare", "státní poznávací značka", "車両番号", "車牌",
    "tagged", "license tag", "numer rej", "auto nr", "kfz", "amtl kennz",
)  # fmt: skip
#: These mean much else: a plate with a country's form has to follow.
_WORDS = ("reg", "rego", "registration", "registered", "tag", "tags", "immat", "kennz", "rej")
_VEHICLES = (
    "car", "van", "truck", "vehicle", "motorcycle", "motorbike", "suv", "parked", "driving a",
    "auto", "pkw", "lkw", "fahrzeug", "wagen", "kfz", "firmenwagen", "dienstwagen", "parkplatz",
    "tractor unit", "artic", "hgv", "taxi", "bus", "coach", "minibus",
    "sattelzug", "zugmaschine", "bestelbus", "vrachtwagen", "busje", "ciągnik", "ciężarówka",
    "furgon", "autobus", "camionnette", "autocar", "autobús", "camioneta", "carrinha",
    "voiture", "véhicule", "camion", "coche", "vehículo", "camper", "caravan", "trailer", "motorhome", "lorry", "scooter", "moto",
    "pickup", "minivan", "wohnmobil", "anhänger", "motorrad", "remorque", "autocaravana", "camión", "furgoneta", "macchina",
    "veicolo", "autovettura", "furgone", "carro", "veículo", "viatura", "wagen", "voertuig",
    "samochód", "samochodu", "pojazd", "pojazdu",
)  # fmt: skip
#: Makes and models, which people and towns are called too.
MAKES = (
    "bmw", "audi", "mercedes", "volkswagen", "vw", "toyota", "ford", "opel", "renault", "peugeot",
    "citroën", "fiat", "škoda", "seat", "volvo", "honda", "nissan", "tesla", "hyundai", "kia",
    "mazda", "dacia", "golf", "passat", "clio",
)  # fmt: skip
#: Formats that little else has.
_DISTINCT = (
    r"[A-Z]{2} ?\d{2} ?[A-Z]{3}"  # United Kingdom
    r"|[A-Z]{2}[- ]?\d{3}[- ]?[A-Z]{2}"  # France, Italy
    r"|[A-ZÄÖÜ]{1,3}[- ] ?[A-Z]{1,2}[- ]?[1-9]\d{0,3}[EH]?(?!-[A-Z])"  # Germany
    r"|\d{4}[- ]?[B-DF-HJ-NPR-TV-Z]{3}"  # Spain
    r"|[A-Z]{2}-\d{2}-[A-Z]{2}|\d{2}-[A-Z]{2}-\d{2}|\d{2}-\d{2}-[A-Z]{2}"  # Portugal
    r"|[A-Z]{1,3}-\d{2,3}-[A-Z]{1,2}|\d{1,2}-[A-Z]{2,3}-\d{1,2}|[A-Z]{2}-[A-Z]{2}-\d{2}"  # NL
    r"|[A-Z]{2,3} \d{4}[A-Z0-9]|[A-Z]{3} ?\d{2}[A-Z]{2}"  # Poland
    r"|[A-Z]{3}[- ]?\d[A-Z]\d{2}"  # Brazil
    r"|[12]-[A-Z]{3}-\d{3}"  # Belgium
    r"|[A-Z]{1,2}[- ]\d{3,5}[- ]?[A-Z]{1,2}"  # Austria
    r"|\d{2,3}-[A-Z]{1,2}-\d{1,6}"  # Ireland
)
#: With a label: two to four letters and digits, two or three times.
_ANY = (
    rf"{_DISTINCT}|[A-Z]{{2,3}} ?(?=[A-Z]{{0,2}}\d)[A-Z0-9]{{4,5}}|[A-Z]{{1,3}}[- ]?\d{{2,6}}"
    r"|\d{1,4}[- ]?[A-Z]{2,3}(?:[- ]?\d{1,4})?|[A-Z0-9]{2,4}[- ]?[A-Z0-9]{2,4}"
)

_VIN = (
    "vin", "numéro de série", "vehicle identification", "vehicle identification number", "chassis", "chassis no",
    "frame no", "fin", "fahrgestellnummer", "fahrgestell nr", "fahrzeugidentifikationsnummer",
    "fahrzeug identifizierungsnummer", "fahrzeug ident nr", "fgst nr", "numéro de châssis",
    "n° de châssis", "châssis", "numéro de série du véhicule", "bastidor", "número de bastidor",
    "telaio", "numero di telaio", "chassi", "número de chassi", "chassisnummer", "numer nadwozia",
    "nr vin", "numer vin", "nadwozia",
)  # fmt: skip
_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True))
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_LETTERS_AND_DIGITS = re.compile(r"(?=.*[A-Z].*[A-Z])(?=.*\d.*\d.*\d)")


def _is_vin(value: str) -> bool:
    """Say whether the ninth character is the check digit and the end a serial number."""
    sums = sum(
        weight * int(_VALUES.get(character, character))
        for weight, character in zip(_WEIGHTS, value, strict=True)
    )
    mixed = _LETTERS_AND_DIGITS.match(value) is not None and value[-3:].isdigit()
    return mixed and "0123456789X"[sums % 11] == value[8]


def _is_plate(value: str) -> bool:
    """Say whether a value has a digit, a letter and the length of a plate."""
    return (
        5 <= len(value) <= 11
        and any(c.isdigit() for c in value)
        and any(c.isalpha() for c in value)
        and value == value.upper()
        and not value.startswith(("HRA", "HRB"))  # the German register of companies
    )


VEHICLES = (
    Kind("VIN", _VIN, beside=r"[A-HJ-NPR-Z0-9]{17}", near=r"[A-HJ-NPR-Z0-9]{17}",
         plausible=lambda value: any(c.isdigit() for c in value)),
    Kind("VIN", (), alone=r"[A-HJ-NPR-Z0-9]{17}", check=_is_vin),
    Kind("LICENSE_PLATE", _PLATE, beside=_ANY, near=_DISTINCT, plausible=_is_plate),
    # The United States, Scandinavia and others
    Kind("LICENSE_PLATE", _PLATE, near=r"\d[A-Z]{3}\d{3}|[A-Z]{3}[ -]?\d{3,4}|\d{3}[ -][A-Z]{3}"),
    Kind("LICENSE_PLATE", _WORDS, beside=rf"(?-i:{_DISTINCT})", plausible=_is_plate),
    Kind("LICENSE_PLATE", (*_VEHICLES, *MAKES), near=_DISTINCT, plausible=_is_plate),
)  # fmt: skip
