"""Generated texts: names, addresses, organizations and dates of many countries in plain sentences.

Values are Faker's, sentences are written here and were written for this; what they can't teach is
how people really write, which is what `corpora.py` is for. Everything follows from the seed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

from faker import Faker

from proxy.detect.models.training.labels import Marked, joined
from proxy.detect.models.training.sentences import COMPANIES, KINDS, OTHERS, QUIET, SENTENCES

#: Language → Faker's locales whose values stand in its sentences, and those of foreigners.
LOCALES = {
    "en": ("en_US", "en_US", "en_GB", "en_CA", "en_AU", "en_IE", "en_NZ", "en_IN"),
    "de": ("de_DE", "de_DE", "de_AT", "de_CH"),
    "fr": ("fr_FR", "fr_FR", "fr_CA", "fr_CH"),
    "es": ("es_ES", "es_ES", "es_MX", "es_CO", "es_AR"),
    "it": ("it_IT",),
    "pt": ("pt_PT", "pt_BR"),
    "nl": ("nl_NL", "nl_NL", "nl_BE"),
    "pl": ("pl_PL",),
}
_ABROAD = ("da_DK", "sv_SE", "fi_FI", "no_NO", "cs_CZ", "hu_HU", "ro_RO", "hr_HR", "tr_TR", "sk_SK")
_NUMBER_FIRST = ("en", "fr")
_NATIONS = {
    "en": "American British German French Spanish Italian Polish Dutch Portuguese Irish Scottish"
    " Canadian Mexican Brazilian Indian Chinese Japanese Korean Russian Ukrainian Turkish Greek"
    " Swedish Norwegian Danish Finnish Swiss Austrian Belgian Egyptian Nigerian Kenyan Moroccan"
    " Israeli Iranian Iraqi Syrian Pakistani Vietnamese Thai Australian Argentinian Catholic Muslim"
    " Jewish Protestant Christian Hindu Buddhist Sikh Republican Democrat Americans Germans"
    " Italians Canadians Russians Indians Mexicans Muslims Christians Republicans Democrats",
    "de": "Deutscher Französin Pole Türkin Spanier Italienerin",
    "fr": "Français Allemande Polonais Marocaine Italien",
    "es": "español francesa alemán polaca italiano",
    "it": "italiano francese tedesca polacco spagnola",
    "pt": "português brasileira alemão francesa",
    "nl": "Nederlander Belgische Duitser Poolse",
    "pl": "Polak Niemka Ukrainiec Francuzka",
}
_SLOT = re.compile(r"\{(\w+)\}")

Pieces = list[tuple[str, str]]
_T = TypeVar("_T")
_PLACES = Path(__file__).parents[2] / "names" / "places.txt"


class Writer:
    """Writes marked texts in one language; the same seed, the same texts."""

    def __init__(self, language: str, seed: int) -> None:
        """Take the language and the seed of all that is drawn."""
        self._language = language
        self._random = random.Random(seed)  # noqa: S311  # no secret: it must be repeatable
        names = (*LOCALES[language], *_ABROAD)
        self._fakers = {name: Faker(name) for name in names}
        for faker in self._fakers.values():
            faker.seed_instance(seed)
        self._locales = LOCALES[language]

    def texts(self, count: int) -> Iterator[Marked]:
        """Yield `count` texts of one to four sentences; one in eight holds nothing."""
        for _ in range(count):
            pieces: Pieces = []
            for _ in range(self._random.choice((1, 1, 1, 2, 2, 3, 4))):
                pieces += self._sentence()
                pieces.append((self._random.choice((" ", " ", " ", "\n", "\n\n")), "O"))
            yield self._disturbed(joined(pieces[:-1]))

    def _sentence(self) -> Pieces:
        ways = QUIET[self._language] if self._one_in(8) else SENTENCES[self._language]
        self._faker = self._fakers[self._one_of(self._locales if not self._one_in(8) else _ABROAD)]
        pieces: Pieces = []
        said = self._one_of(ways)
        place = 0
        for slot in _SLOT.finditer(said):
            pieces.append((said[place : slot.start()], "O"))
            pieces += self._slots()[slot[1]]()
            place = slot.end()
        pieces.append((said[place:], "O"))
        return pieces

    def _slots(self) -> dict[str, Callable[[], Pieces]]:
        return {
            "person": self._person,
            "first": lambda: [(self._faker.first_name(), "GIVEN")],
            "last": lambda: [(self._faker.last_name(), "SURNAME")],
            "address": self._address,
            "street": self._street_line,
            "street_name": lambda: [(self._street(), "STREET")],
            "number": lambda: [(self._house(), "NUMBER")],
            "zip": lambda: [(self._faker.postcode(), "POSTCODE")],
            "town": self._town,
            "country": lambda: [(self._faker.country(), "TOWN")],
            "org": self._organization,
            "nation": lambda: [(self._one_of(_NATIONS[self._language].split()), "NRP")],
            "date": lambda: [(self._date(), "DATE")],
            "other": lambda: [(self._other(), "O")],
            "digits": lambda: [
                (str(self._random.randint(1, 10 ** self._random.randint(1, 9))), "O")
            ],
            "word": lambda: [(self._one_of(OTHERS[self._language]), "O")],
        }

    def _person(self) -> Pieces:
        given: Pieces = [(self._faker.first_name(), "GIVEN")]
        last: Pieces = [(self._faker.last_name(), "SURNAME")]
        space: Pieces = [(" ", "O")]
        initial = f"{given[0][0]} {self._faker.first_name()[0]}."
        glue = " " if self._language == "es" else "-"
        ways = [
            (0.16, given),
            (0.06, last),
            (0.06, [*last, (", ", "O"), *given]),
            (0.04, [(f"{given[0][0][0]}.", "GIVEN"), *space, *last]),
            (0.04, [(f"{given[0][0]} {self._faker.first_name()}", "GIVEN"), *space, *last]),
            (0.04, [*given, *space, (f"{last[0][0]}{glue}{self._faker.last_name()}", "SURNAME")]),
            (0.10, [(initial, "GIVEN"), *space, *last]),
            (0.50, [*given, *space, *last]),
        ]
        return self._random.choices([way for _, way in ways], [share for share, _ in ways])[0]

    def _address(self) -> Pieces:
        comma = self._one_of((", ", ", ", "\n", " ", " - ", ",\n"))
        unit: Pieces = []
        if self._one_in(3):
            unit = [(self._one_of((", ", " ", "\n")), "O"), (self._unit(), "POSTCODE")]
        town, code = self._faker.city(), self._faker.postcode()
        if self._one_in(3):
            town = self._town()[0][0]
        tail: Pieces = [(town, "TOWN"), (" ", "O"), (code, "POSTCODE")]
        state = getattr(self._faker, self._one_of(("state", "state_abbr")), None)
        if self._language == "en" and state is not None:
            tail[1:1] = [(self._one_of((", ", " ", "\n")), "O"), (state(), "TOWN")]
        elif self._language != "en" and not self._one_in(5):
            tail = [(code, "POSTCODE"), (" ", "O"), (town, "TOWN")]
        if self._one_in(4):
            tail += [(comma, "O"), (self._faker.current_country(), "TOWN")]
        if self._one_in(6):
            tail = [one for one in tail if one[1] != "POSTCODE"]
        return [*self._street_line(), *unit, (comma, "O"), *tail]

    def _street_line(self) -> Pieces:
        number, street = (self._house(), "NUMBER"), (self._street(), "STREET")
        first = self._language in _NUMBER_FIRST or self._one_in(8)
        if first:
            glue = self._one_of((" ", " ", " ", ", ")) if self._language == "fr" else " "
            return [number, (glue, "O"), street]
        return [street, (self._one_of((" ", " ", ", ")), "O"), number]

    def _street(self) -> str:
        name = str(self._faker.street_name())
        if self._one_in(5):
            short = {
                "Street": "St",
                "Avenue": "Ave",
                "Road": "Rd",
                "Drive": "Dr",
                "Boulevard": "Blvd",
                "Lane": "Ln",
                "straße": "str.",
                "Calle": "C/",
                "Avenida": "Av.",
            }
            for long, abbreviated in short.items():
                name = name.replace(long, abbreviated)
        return name

    def _house(self) -> str:
        number = str(self._random.randint(1, 10 ** self._random.choice((1, 2, 2, 3, 3, 4, 5))))
        return number + (self._one_of("abcABC") if self._one_in(12) else "")

    def _unit(self) -> str:
        number = self._random.randint(1, 999)
        words = {
            "en": ("Apt.", "Apt", "Suite", "Unit", "Flat", "#", "Floor", "Room", "Ste"),
            "de": ("Wohnung", "Etage", "Hinterhaus"),
            "fr": ("appartement", "bât.", "étage", "BP"),
            "es": ("piso", "puerta", "Depto.", "int."),
            "it": ("scala", "interno", "int."),
            "pt": ("apto", "andar", "bloco"),
            "nl": ("bus", "appartement"),
            "pl": ("m.", "lok."),
        }
        return f"{self._one_of(words[self._language])} {number}"

    def _town(self) -> Pieces:
        place = self._faker.city()
        if self._language == "en" and self._one_in(2):
            place = self._one_of(_towns())
        return [(place, "TOWN")]

    def _organization(self) -> Pieces:
        if self._one_in(3):
            return [(self._one_of(COMPANIES), "ORG")]
        name = str(self._faker.company())
        if self._one_in(4):
            name = f"{self._faker.last_name()} {self._one_of(KINDS[self._language])}"
        return [(name, "ORG")]

    def _date(self) -> str:
        day = self._faker.date_object()
        shapes = ["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%y", "%d/%m/%y"]
        if self._language == "en":
            shapes += ["%B %d, %Y", "%d %B %Y", "%b %d %Y", "%B %Y", "%d %b", "%B %d", "%b %Y"] * 2
        return str(day.strftime(self._one_of(shapes)))

    def _other(self) -> str:
        made = (
            self._faker.phone_number,
            self._faker.ascii_email,
            self._faker.iban,
            self._faker.credit_card_number,
            self._faker.ipv4,
            self._faker.user_name,
            self._faker.uuid4,
            lambda: self._faker.bothify("??-#####").upper(),
            lambda: self._faker.numerify("%##-###"),
        )
        return str(self._one_of(made)())

    def _disturbed(self, marked: Marked) -> Marked:
        """Return the text in another case now and then, as hurried people type."""
        shape = self._random.random()
        text = marked.text
        changed = text.lower() if shape < 0.1 else text.upper() if shape < 0.14 else text
        return Marked(changed, marked.marks) if len(changed) == len(text) else marked

    def _one_of(self, choices: Sequence[_T]) -> _T:
        return self._random.choice(choices)

    def _one_in(self, many: int) -> bool:
        return self._random.random() < 1 / many


@cache
def _towns() -> tuple[str, ...]:
    lines = _PLACES.read_text(encoding="utf-8").splitlines()
    named = (name for line in lines if not line.startswith("#") for name in line.split(";"))
    return tuple(name for name in named if name)
