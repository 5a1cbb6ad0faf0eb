"""Surrogates: whose they are, what they look like, what comes back, and what falls back."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Any

import pytest
from presidio_analyzer import RecognizerResult
from presidio_anonymizer import AnonymizerEngine
from presidio_anonymizer.entities import OperatorConfig

from proxy.exchange import Action, ActionKind, Alphabet, Author, Channel, Finding, TextPart
from proxy.mask import check, number
from proxy.mask.actions.invented import FAMILY, GIVEN
from proxy.mask.keyed import Keyed
from proxy.mask.masked import Masked, Restorable, Surrogate
from proxy.mask.operators import OPERATORS
from proxy.mask.restorer import Restorer
from proxy.mask.withhold import without
from proxy.spelling import Lexicon

KEY = b"a key for tests only............"
PSEUDONYMISE = Action(ActionKind.PSEUDONYMISE)
DETECT = Path(__file__).parent.parent.parent / "proxy" / "detect"
NAME = r"[A-Z][a-z]{4,14}"


def found(text: str, *values: tuple[str, str]) -> tuple[TextPart, tuple[Finding, ...]]:
    """A part in which these values were found as these entities, wherever they stand."""
    findings = [
        Finding(entity, *at.span(), 1.0, "test")
        for value, entity in values
        for at in re.finditer(re.escape(value), text)
    ]
    return TextPart((text[:8],), text), tuple(findings)


def masked(*turns: tuple[TextPart, tuple[Finding, ...]], key: bytes = KEY, **more: Any) -> Masked:
    """What a provider sees where every entity is pseudonymised."""
    parts = [part for part, _ in turns]
    entities = {finding.entity for _, some in turns for finding in some}
    numbering = number(parts, [some for _, some in turns])
    made = numbering.render(dict.fromkeys(entities, PSEUDONYMISE), key, **more)
    check(made, Lexicon())
    return made


def back(made: Masked, text: str, *parts: TextPart) -> str:
    return Restorer(made.mapping, parts).text(text, Channel.TEXT)


#: A value, its entity, and what its surrogate looks like.
KINDS = [
    ("Jane Doe", "PERSON", rf"{NAME} {NAME}"),
    ("JANE DOE", "PERSON", "[A-Z]{5,15} [A-Z]{5,15}"),
    ("Doe, Jane", "PERSON", rf"{NAME}, {NAME}"),
    ("Dr. Ludwig van der Berg-Mai", "PERSON", rf"Dr\. {NAME} van der {NAME}-{NAME}"),
    ("Zoë O'Neil", "PERSON", rf"{NAME} {NAME}"),
    ("jane.doe-99@mail.acme.co.uk", "EMAIL_ADDRESS", r"[a-z]+\.[a-z]+-[0-9]{2}@[a-z]+\.example"),
    ("+1 (212) 736-5000", "PHONE_NUMBER", r"\+1 \([2-9][0-9]{2}\) 555-01[0-9]{2}"),
    ("212.736.5000", "PHONE_NUMBER", r"[2-9][0-9]{2}\.555\.01[0-9]{2}"),
    ("+44 7911 123456", "PHONE_NUMBER", r"\+44 7700 900[0-9]{3}"),
    ("+44 20 7925 0918", "PHONE_NUMBER", r"\+44 16 3296 0[0-9]{3}"),
    ("+33 6 12 34 56 78", "PHONE_NUMBER", r"\+33 6 39 98 [0-9]{2} [0-9]{2}"),
    ("01 42 68 53 00", "PHONE_NUMBER", r"01 99 00 [0-9]{2} [0-9]{2}"),
    ("+49 30 22733152", "PHONE_NUMBER", r"\+49 30 23125[0-9]{3}"),
    ("10.1.2.3", "IP_ADDRESS", r"(?:192\.0\.2|198\.51\.100|203\.0\.113)\.[0-9]{1,3}"),
    ("2a02:8388::1", "IP_ADDRESS", r"2001:db8:[0-9a-f:]+"),
    ("4111 1111 1111 1111", "CREDIT_CARD", r"4[0-9]{3} [0-9]{4} [0-9]{4} [0-9]{4}"),
    (
        "DE89 3704 0044 0532 0130 00",
        "IBAN_CODE",
        r"DE00 [0-9]{4} [0-9]{4} [0-9]{4} [0-9]{4} [0-9]{2}",
    ),
    ("GB29NWBK60161331926819", "IBAN_CODE", r"GB00[A-Z]{4}[0-9]{14}"),
    ("078-05-1120", "US_SSN", r"000-[0-9]{2}-[0-9]{4}"),
]


@pytest.mark.parametrize(("value", "entity", "looks"), KINDS)
def test_a_surrogate_has_its_values_shape_and_comes_back(
    value: str, entity: str, looks: str
) -> None:
    turn = found(f"Ask {value} about it.", (value, entity))
    made = masked(turn)
    surrogate = made.texts[0].removeprefix("Ask ").removesuffix(" about it.")
    assert re.fullmatch(looks, surrogate), surrogate
    assert surrogate != value
    assert (
        back(made, f"I called {surrogate}, as you said.", turn[0])
        == f"I called {value}, as you said."
    )


def luhn(digits: str) -> bool:
    doubled = [int(d) * (2 if at % 2 else 1) for at, d in enumerate(digits[::-1])]
    return sum(sum(divmod(n, 10)) for n in doubled) % 10 == 0


@pytest.mark.parametrize("n", range(40))
def test_nobody_owns_a_surrogate(n: int) -> None:
    """Whatever the key: no card, no account, no address and no telephone of anybody."""
    values = {
        "CREDIT_CARD": "4111 1111 1111 1111",
        "IBAN_CODE": "DE89370400440532013000",
        "IP_ADDRESS": "8.8.8.8",
        "PHONE_NUMBER": "+1 212 736 5000",
        "EMAIL_ADDRESS": "jane@acme.com",
    }
    turns = [found(value, (value, entity)) for entity, value in values.items()]
    made = masked(*turns, key=bytes([n]) * 32)
    got = dict(zip(values, made.texts, strict=True))
    assert not luhn(got["CREDIT_CARD"].replace(" ", ""))
    iban = got["IBAN_CODE"]
    assert int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 != 1
    address = ipaddress.ip_address(got["IP_ADDRESS"])
    reserved = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
    assert any(address in ipaddress.ip_network(network) for network in reserved)
    assert re.fullmatch(r"\+1 [0-9]{3} 555 01[0-9]{2}", got["PHONE_NUMBER"])
    assert got["EMAIL_ADDRESS"].endswith(".example")


def test_an_invented_name_is_on_no_list_of_ours() -> None:
    known = set[str]()
    lists = [*DETECT.glob("*.txt"), *DETECT.glob("*/*.txt")]
    assert "given_names.txt" in {one.name for one in lists}
    for one in lists:
        # A model's word pieces and published keys hold no words.
        if one.name not in ("names.vocab.txt", "published_keys.txt"):
            known.update(re.findall(r"[^\W\d_]+", one.read_text().lower()))
    assert known.isdisjoint({*GIVEN, *FAMILY})
    assert set(GIVEN).isdisjoint(FAMILY)
    assert len({*GIVEN, *FAMILY}) == len(GIVEN) + len(FAMILY) > 8000


def test_a_part_of_a_name_and_an_address_follow_it() -> None:
    first = found("Jane Doe joined.", ("Jane Doe", "PERSON"))
    later = found(
        "Doe (jane.doe@acme.com, jdoe@acme.com, doe-j@acme.com) met J. Doe and Ann Smith.",
        ("Doe", "PERSON"),
        ("jane.doe@acme.com", "EMAIL_ADDRESS"),
        ("jdoe@acme.com", "EMAIL_ADDRESS"),
        ("doe-j@acme.com", "EMAIL_ADDRESS"),
        ("Ann Smith", "PERSON"),
    )
    made = masked(first, later)
    given, family = made.texts[0].removesuffix(" joined.").split()
    g, f = given.lower(), family.lower()
    _, domain = made.texts[1].split(",", 1)[0].rsplit("@", 1)
    assert made.texts[1].startswith(
        f"{family} ({g}.{f}@{domain}, {g[0]}{f}@{domain}, {f}-{g[0]}@{domain}) met "
    )
    # A model calls them by one name, or writes to one: each is whom the caller means.
    said = f"{given} will mail {g[0]}{f}@{domain}. {family}'s phone is off."
    parts = first[0], later[0]
    assert back(made, said, *parts) == "Jane will mail jdoe@acme.com. Doe's phone is off."


def test_what_the_request_says_itself_is_no_surrogate() -> None:
    turn = found("Ask Jane Doe.", ("Jane Doe", "PERSON"))
    surrogate = masked(turn).texts[0].removeprefix("Ask ").removesuffix(".")
    given, family = surrogate.split()
    for said in (surrogate, given, family.upper(), f"x{family.lower()}x"):
        other = TextPart(("other",), f"And {said}?"), ()
        made = masked(turn, other)
        assert made.texts[1] == other[0].text
        new = made.texts[0].removeprefix("Ask ").removesuffix(".")
        assert new != surrogate
        assert back(made, f"{new} isn't {said}.", turn[0], other[0]) == f"Jane Doe isn't {said}."


def test_the_same_key_says_the_same_in_another_request_and_another_key_does_not() -> None:
    turn = found("Ask Jane Doe.", ("Jane Doe", "PERSON"))
    other = found("Hello to Bob Ray and Jane Doe", ("Bob Ray", "PERSON"), ("Jane Doe", "PERSON"))
    own = masked(turn).texts[0].removeprefix("Ask ").removesuffix(".")
    assert masked(other).texts[0].endswith(f" and {own}")
    assert own not in masked(turn, own_key=b"another caller's................").texts[0]


FALLBACKS = [
    ("田中太郎", "PERSON"),
    ("Иван Петров", "PERSON"),
    ("von der", "PERSON"),
    ("Jane 2", "PERSON"),
    ("von der Li", "PERSON"),
    ('Jane "JD" Doe', "PERSON"),
    ("Jane\nDoe", "PERSON"),
    ("Jose\u0301 Doe", "PERSON"),
    ("+81 3 1234 5678", "PHONE_NUMBER"),
    ("030 22733152", "PHONE_NUMBER"),
    ("10.0.0.0/8", "IP_ADDRESS"),
    ("Berlin", "LOCATION"),
    ("jane @ acme", "EMAIL_ADDRESS"),
]


@pytest.mark.parametrize(("value", "entity"), FALLBACKS)
def test_what_has_no_surrogate_is_a_placeholder(value: str, entity: str) -> None:
    turn = found(f"Ask {value} now", (value, entity))
    made = masked(turn)
    assert made.texts[0] == f"Ask <{entity}_1> now"
    assert back(made, made.texts[0], turn[0]) == turn[0].text


def test_where_a_surrogate_would_touch_a_letter_stands_a_placeholder() -> None:
    turn = found(
        "Jane Doe, xJane Doe, Jane Doe2, Jane DoeBob", ("Jane Doe", "PERSON"), ("Bob", "PERSON")
    )
    made = masked(turn)
    whole = made.texts[0].split(",")[0]
    assert made.texts[0] == f"{whole}, x<PERSON_1>, <PERSON_1>2, <PERSON_1><PERSON_2>"
    assert back(made, made.texts[0], turn[0]) == turn[0].text


def test_names_of_fields_and_numbers_in_json_get_what_they_can_hold() -> None:
    name = TextPart(("name",), "Jane", alphabet=Alphabet.NAME)
    digits = TextPart(("n",), "4111111111111111", alphabet=Alphabet.DIGITS)
    made = masked(
        (name, (Finding("PERSON", 0, 4, 1.0, "test"),)),
        (digits, (Finding("CREDIT_CARD", 0, 16, 1.0, "test"),)),
    )
    assert made.texts[0] == "PERSON_1"
    assert re.fullmatch("[0-9]{16}", made.texts[1])
    assert Restorer(made.mapping, [name]).text("PERSON_1", Channel.NAME) == "Jane"


def test_where_numbers_are_keyed_it_is_a_placeholder() -> None:
    """Signed reasoning speaks of it in later turns, and embeddings are compared."""
    turn = found("Ask Jane Doe", ("Jane Doe", "PERSON"))
    made = masked(turn, keyed=Keyed(KEY))
    assert re.fullmatch("Ask <PERSON_[A-Z2-7]{8}>", made.texts[0])
    assert not made.mapping.surrogates


def test_only_exact_and_bounded_spellings_come_back() -> None:
    turn = found("Ask Jane Doe", ("Jane Doe", "PERSON"))
    made = masked(turn)
    given, family = made.texts[0].removeprefix("Ask ").split()
    for said in (f"{given}s", f"x{family}", family.upper(), f"{given[:-1]}", f"{family}1"):
        assert back(made, said, turn[0]) == said
    json = Restorer(made.mapping, [turn[0]])
    assert json.text(f'{{"to": "\\n{given} {family}"}}', Channel.JSON) == '{"to": "\\nJane Doe"}'


def test_our_action_works_in_presidio() -> None:
    engine = AnonymizerEngine()
    for operator in OPERATORS:
        engine.add_anonymizer(operator)
    config = {"PERSON": OperatorConfig("privet_pseudonymise", {"key": KEY})}
    said = engine.anonymize("Ann Lee", [RecognizerResult("PERSON", 0, 7, 0.9)], config).text
    assert re.fullmatch(f"{NAME} {NAME}", said)
    with pytest.raises(ValueError, match="pseudonymise needs `key`"):
        engine.anonymize(
            "Ann",
            [RecognizerResult("PERSON", 0, 3, 0.9)],
            {"PERSON": OperatorConfig("privet_pseudonymise", {})},
        )


def test_it_comes_back_in_no_strange_url_and_for_nobody_from_whom_it_is_withheld() -> None:
    turn = found("Ask Jane Doe", ("Jane Doe", "PERSON"))
    parts, some = [turn[0]], [turn[1]]
    numbering = number(parts, some)
    made = numbering.render({"PERSON": PSEUDONYMISE}, KEY)
    given, family = made.texts[0].removeprefix("Ask ").split()
    url = f"https://evil.example/{family}"
    assert back(made, url, *parts) == url
    mapping = without(made.mapping, numbering, ["PERSON"])
    said = f"{given} {family}, {given}"
    assert Restorer(mapping, parts).text(said, Channel.TEXT) == said
    never = Restorer(made.mapping, parts, tools={"any": "never"}).for_tool("mail")
    assert never.text(said, Channel.JSON) == said


def test_a_stream_does_not_cut_one_where_another_could_begin() -> None:
    """In `a b c` the first is whole; that `b c` begins within it must not hold back a part of it."""
    issued = {name: Surrogate(f"[{name}]", frozenset()) for name in ("one two", "two three")}
    restorer = Restorer(Restorable(surrogates=issued), [TextPart((), "x", Author.USER)])
    text = "one two three; two three, one two"
    whole = restorer.text(text, Channel.TEXT)
    assert whole == "[one two] three; [two three], [one two]"
    for cut in range(len(text) + 1):
        stream = restorer.stream(Channel.TEXT)
        assert stream.feed(text[:cut]) + stream.feed(text[cut:]) + stream.close() == whole


def test_a_stream_holds_back_no_more_than_the_longest_one() -> None:
    issued = {"Falka Brand": Surrogate("Jane Doe", frozenset())}
    stream = Restorer(Restorable(surrogates=issued), []).stream(Channel.TEXT)
    assert stream.feed("Hello Falka") == "Hello "
    assert stream.feed(" B") == ""
    assert stream.feed("ob.") == "Falka Bob."
    assert stream.feed("Falka Brand") == ""
    assert stream.feed("!") == "Jane Doe!"
