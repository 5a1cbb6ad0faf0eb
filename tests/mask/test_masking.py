"""Numbers, actions, alphabets, overlaps, the guard."""

from base64 import b64encode

import pytest
from presidio_anonymizer import AnonymizerEngine
from presidio_anonymizer.entities import OperatorConfig, RecognizerResult

from proxy.detect.allowing import AllowList
from proxy.detect.knowledge.terms import TermList
from proxy.detect.sweep import load_lexicon, sweep
from proxy.errors import CannotMask, GuardHit, PolicyRefused
from proxy.exchange import Action, ActionKind, Alphabet, Channel, Finding, OpaquePart, TextPart
from proxy.mask import Masked, check, number
from proxy.mask.guard import check_opaque
from proxy.mask.numbering import letter
from proxy.mask.operators import OPERATORS
from proxy.mask.restorer import Restorer

LEXICON = load_lexicon()
KEY = b"a key for tests only............"
PLACEHOLDER = Action(ActionKind.PLACEHOLDER)


def spot(text: str, value: str, entity: str = "PERSON") -> Finding:
    start = text.index(value)
    return Finding(entity, start, start + len(value), 0.9, "test")


def mask(
    *turns: tuple[str, dict[str, str]],
    swept: bool = True,
    alphabet: Alphabet = Alphabet.TEXT,
    **actions: Action,
) -> Masked:
    """Each turn is a text and value -> entity."""
    parts = [TextPart(("turn", i), text, alphabet=alphabet) for i, (text, _) in enumerate(turns)]
    findings = [tuple(spot(text, v, e) for v, e in values.items()) for text, values in turns]
    found = sweep(parts, findings, LEXICON) if swept else findings
    return number(parts, found).render(actions, KEY)


def test_one_value_one_number_and_a_letter_for_each_spelling() -> None:
    masked = mask(
        ("Jane Doe wrote; JANE DOE signed.", {"Jane Doe": "PERSON"}),
        ("Bob asked jane doe.", {"Bob": "PERSON"}),
        PERSON=PLACEHOLDER,
    )
    assert masked.texts == (
        "<PERSON_1> wrote; <PERSON_1b> signed.",
        "<PERSON_2> asked <PERSON_1c>.",
    )
    check(masked, LEXICON)


def test_a_name_and_its_slug_are_one_value_whatever_each_was_found_to_be() -> None:
    masked = mask(
        ("Open jane-doe now.", {"jane-doe": "LOCATION"}),
        ("Ask Jane Doe.", {"Jane Doe": "PERSON"}),
        PERSON=PLACEHOLDER,
    )
    assert masked.texts == ("Open <LOCATION_1> now.", "Ask <LOCATION_1b>.")
    check(masked, LEXICON)


@pytest.mark.parametrize(
    ("name", "masked_name"),
    [
        ("Jane_Hollander", "PERSON_1b"),
        ("call_jane_hollander", "call_PERSON_1b"),
        ("JaneHollander", "PERSON_1b"),
        ("call_JaneHollander_now", "call_PERSON_1b_now"),
        ("hollander_2", "PERSON_2_2"),
        ("mail_jhollander", "mail_PERSON_2"),
        ("get_json", "get_json"),
    ],
)
def test_a_found_name_is_hidden_in_identifiers(name: str, masked_name: str) -> None:
    parts = [TextPart((0,), "Jane Hollander"), TextPart((1,), name, alphabet=Alphabet.NAME)]
    found = sweep(parts, [(spot(parts[0].text, parts[0].text),), ()], LEXICON)
    masked = number(parts, found).render({"PERSON": PLACEHOLDER}, KEY)
    assert masked.texts[1] == masked_name
    check(masked, LEXICON)
    assert Restorer(masked.mapping, parts).text(masked.texts[1], Channel.NAME) == name


def test_one_of_two_of_the_same_surname_is_on_an_allow_list() -> None:
    names = ("Anna Hollenbach", "Margarethe Hollenbach")
    parts = [TextPart((at,), text) for at, text in enumerate((*names, "last=Hollenbach"))]
    allowed = AllowList([(TermList([names[0]], exact=False), frozenset({"PERSON"}))])
    swept = sweep(parts, [*((spot(name, name),) for name in names), ()], LEXICON)
    masked = number(parts, allowed.mark(parts, swept)).render({"PERSON": PLACEHOLDER}, KEY)
    check(masked, LEXICON)
    assert masked.texts == ("Anna Hollenbach", "<PERSON_2>", "last=Hollenbach")


def test_a_name_of_an_entity_is_no_longer_than_what_is_read_back() -> None:
    masked = mask(("Ann", {"Ann": "A" * 200}), **{"A" * 200: PLACEHOLDER})
    assert masked.texts == (f"<{'A' * 64}_1>",)


def test_letters() -> None:
    assert [letter(i) for i in (0, 1, 25, 26, 27)] == ["", "b", "z", "ba", "bb"]


def test_hidden_or_not_every_finding_has_a_number() -> None:
    turns = (
        ("Ann from Rome", {"Ann": "PERSON"}),
        ("Rome calls Bob", {"Rome": "LOCATION", "Bob": "PERSON"}),
    )
    shown = mask(*turns, LOCATION=PLACEHOLDER)
    hidden = mask(*turns, LOCATION=PLACEHOLDER, PERSON=PLACEHOLDER)
    assert shown.texts[0] == "Ann from <LOCATION_1>"
    assert hidden.texts == ("<PERSON_1> from <LOCATION_1>", "<LOCATION_1> calls <PERSON_2>")


def test_typed_placeholders_travel_as_literals() -> None:
    masked = mask(("Ann typed <PERSON_1> and <PERSON_1b>.", {"Ann": "PERSON"}), PERSON=PLACEHOLDER)
    assert masked.texts == ("<PERSON_1> typed <LITERAL_1> and <LITERAL_2>.",)


def test_a_shown_finding_shields_nothing() -> None:
    text = "https://x.org/?q=jane@acme.com"
    values = {text: "URL", "jane@acme.com": "EMAIL_ADDRESS"}
    assert mask((text, values), EMAIL_ADDRESS=PLACEHOLDER).texts == (
        "https://x.org/?q=<EMAIL_ADDRESS_1>",
    )


def test_nested_spans_take_the_longest_and_the_strongest() -> None:
    values = {"Jane Doe Ltd": "ORG", "Jane Doe": "PERSON"}
    masked = mask(("Jane Doe Ltd", values), ORG=PLACEHOLDER, PERSON=Action(ActionKind.REDACT))
    assert masked.texts == ("<ORG>",)


def test_of_crossing_spans_the_rest_stays_hidden() -> None:
    values = {"Anna Maria Jones": "PERSON", "Jones Street": "LOCATION"}
    masked = mask(("Anna Maria Jones Street", values), PERSON=PLACEHOLDER, LOCATION=PLACEHOLDER)
    assert masked.texts[0].startswith("<PERSON_1> <")
    assert "Street" not in masked.texts[0]


@pytest.mark.parametrize(
    ("action", "value", "written"),
    [
        (Action(ActionKind.GENERALISE, to="year"), "1984-03-02", "1984"),
        (Action(ActionKind.GENERALISE, to="decade"), "March 2, 1984", "1980s"),
        (Action(ActionKind.GENERALISE, to="year"), "3/1984", "<X_1>"),
        (Action(ActionKind.GENERALISE, to="year"), "soon", "<X_1>"),
        (Action(ActionKind.GENERALISE, to="year"), "1984", "1984"),
        (Action(ActionKind.GENERALISE, to="band"), "37 years old", "30-39"),
        (Action(ActionKind.GENERALISE, to="band"), "94", "90+"),
        (Action(ActionKind.GENERALISE, to="/24"), "192.168.17.45", "192.168.17.0/24"),
        (Action(ActionKind.GENERALISE, to="/24"), "2001:db8:1:2::3", "2001:db8:1::/48"),
        (Action(ActionKind.MASK, keep_last=4), "4111 1111 1111 1234", "**** **** **** 1234"),
        (Action(ActionKind.MASK, keep_last=4), "123456", "<X_1>"),
        (Action(ActionKind.REDACT), "whatever", "<X>"),
        (Action(ActionKind.ALLOW), "whatever", "whatever"),
    ],
)
def test_actions(action: Action, value: str, written: str) -> None:
    masked = mask((f"see {value}, ok", {value: "X"}), X=action)
    assert masked.texts == (f"see {written}, ok",)
    check(masked, LEXICON)


def test_hashes_link_by_key_alone() -> None:
    hashed = Action(ActionKind.HASH)
    one = mask(("Jane Doe", {"Jane Doe": "PERSON"}), PERSON=hashed)
    two = mask(("Bob and JANE DOE", {"Bob": "PERSON", "JANE DOE": "PERSON"}), PERSON=hashed)
    assert one.texts[0] in two.texts[0]


def test_block_never_writes() -> None:
    with pytest.raises(PolicyRefused):
        mask(("Jane Doe", {"Jane Doe": "PERSON"}), PERSON=Action(ActionKind.BLOCK))


def test_a_coarser_value_never_spells_another_hidden_one() -> None:
    card, last = "4111 1111 1111 1234", Action(ActionKind.MASK, keep_last=4)
    turns = (card, {card: "CARD"}), ("pin 1234", {"1234": "PIN"})
    masked = mask(*turns, CARD=last, PIN=PLACEHOLDER)
    assert masked.texts == ("<CARD_1>", "pin <PIN_1>")
    check(masked, LEXICON)


def test_names_and_numbers() -> None:
    masked = mask(("lookup_Jane", {"Jane": "PERSON"}), alphabet=Alphabet.NAME, PERSON=PLACEHOLDER)
    assert masked.texts == ("lookup_PERSON_1",)
    masked = mask(
        ("12125550199", {"12125550199": "PHONE"}), alphabet=Alphabet.DIGITS, PHONE=PLACEHOLDER
    )
    (surrogate,) = masked.texts
    assert surrogate.isdigit()
    assert len(surrogate) == 11
    assert surrogate != "12125550199"
    assert masked.mapping.digits == {surrogate: "12125550199"}


def short(digits: str, *others: str) -> Masked:
    """A hidden number under a key, beside other texts."""
    part = TextPart(("arguments", "cvv"), digits, alphabet=Alphabet.DIGITS)
    parts = [part, *(TextPart((at,), text) for at, text in enumerate(others))]
    found: list[tuple[Finding, ...]] = [(spot(digits, digits, "CVV"),), *(() for _ in others)]
    return number(parts, found).render({"CVV": PLACEHOLDER}, KEY)


@pytest.mark.parametrize("digits", ["123", "900", "4821"])
def test_a_short_number_becomes_one_that_stands_nowhere_else(digits: str) -> None:
    first = short(digits)
    second = short(digits, f"Room {first.texts[0]}, or 1{first.texts[0]}9.")
    assert len({digits, first.texts[0], second.texts[0]}) == 3
    assert {len(text) for text in (digits, first.texts[0], second.texts[0])} == {len(digits)}
    assert short(digits, "a later turn").texts[0] == first.texts[0]
    assert first.mapping.digits == {first.texts[0]: digits}
    assert first.mapping.members == {first.texts[0]: frozenset({"cvv"})}


def test_where_every_number_is_taken_the_path_is_named() -> None:
    with pytest.raises(CannotMask) as refusal:
        short("123", " ".join(map(str, range(100, 1000))))
    assert "arguments.cvv" in refusal.value.message
    assert "123" not in refusal.value.message


def test_where_nothing_fits_the_path_is_named_and_no_text() -> None:
    part = TextPart(("tools", 0, "Jane", "name"), "Jane" + "x_" * 30, alphabet=Alphabet.NAME)
    long_entity = "VERY_LONG_ENTITY_NAME"
    found = ((Finding(long_entity, 0, 4, 0.9, "test"), Finding(long_entity, 62, 63, 0.9, "test")),)
    with pytest.raises(CannotMask) as refusal:
        number([part], found).render({long_entity: PLACEHOLDER}, KEY)
    assert "tools[0].…" in refusal.value.message or "tools[0]" in refusal.value.message
    assert "Jane" not in refusal.value.message


def test_with_the_sweep_off_the_guard_stops_the_leak() -> None:
    turns = ("Jane Doe wrote.", {"Jane Doe": "PERSON"}), ("Is jane doe here?", {})
    check(mask(*turns, PERSON=PLACEHOLDER), LEXICON)
    leaking = mask(*turns, swept=False, PERSON=PLACEHOLDER)
    assert "jane doe" in leaking.texts[1]
    with pytest.raises(GuardHit) as alarm:
        check(leaking, LEXICON)
    assert "jane" not in str(alarm.value).lower()


def test_the_guard_doesnt_take_our_tokens_for_the_callers() -> None:
    turns = ("Ann Lee met", {"Ann Lee": "PERSON"}), ("a Person!", {"Person": "X"})
    check(mask(*turns, PERSON=PLACEHOLDER, X=PLACEHOLDER), LEXICON)


def opaque(content: bytes) -> list[OpaquePart]:
    return [OpaquePart(("messages", 0), "file", b64encode(content).decode())]


def test_a_hidden_value_that_can_be_read_in_a_file_is_not_sent() -> None:
    masked = mask(("Jane Doe wrote.", {"Jane Doe": "PERSON"}), PERSON=PLACEHOLDER)
    for before in (b"", b"a", b"ab"):
        with pytest.raises(CannotMask) as refusal:
            check_opaque(masked, opaque(before + b"Name: Jane Doe, clerk"), LEXICON)
        assert "Jane" not in refusal.value.message
    check_opaque(masked, opaque(b"Name: John Roe, clerk"), LEXICON)


def test_what_base64_happens_to_spell_is_nobody() -> None:
    masked = mask(("Ann wrote.", {"Ann": "PERSON"}), PERSON=PLACEHOLDER)
    check_opaque(masked, [OpaquePart((), "image", "aGVs1Ann2bG8" * 8)], LEXICON)


def test_our_actions_work_in_presidio() -> None:
    engine = AnonymizerEngine()
    for operator in OPERATORS:
        engine.add_anonymizer(operator)
    config = {"PERSON": OperatorConfig("privet_placeholder", {"numbers": {}})}
    found = [RecognizerResult("PERSON", 0, 3, 0.9), RecognizerResult("PERSON", 8, 11, 0.9)]
    result = engine.anonymize("Ann and Bob", found, config)
    assert sorted(result.text.split(" and ")) == ["<PERSON_1>", "<PERSON_2>"]
