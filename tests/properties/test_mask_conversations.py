"""Properties of numbering, masking and restoring over arbitrary conversations.

Values are drawn from a small pool, so that they nest, cross, repeat in other spellings and meet
typed placeholders; where findings lie is drawn too.
"""

from __future__ import annotations

import re
from base64 import b64encode
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from proxy.detect.sweep import sweep
from proxy.errors import CannotMask
from proxy.exchange import Action, ActionKind, Alphabet, Author, Channel, Finding, TextPart
from proxy.folding import vanishes
from proxy.mask import Masked, check, number
from proxy.mask.restorer import Restorer
from proxy.spelling import Lexicon, canonical

LEXICON = Lexicon(frozenset({"walker"}), frozenset({"the"}))
KEY = b"a key for tests only............"
VALUES = {
    "Jane Doe": "PERSON",
    "Doe Smith": "PERSON",
    "Ann": "PERSON",
    "Walker": "PERSON",
    "José Müller": "PERSON",
    "Margarethe Hollenbach": "PERSON",
    "Anna Hollenbach": "PERSON",
    "田中太郎": "PERSON",
    "jane@acme.com": "EMAIL_ADDRESS",
    "acme.com": "URL",
    "4111 1111 1111 1111": "CREDIT_CARD",
    "+1 212 555 0199": "PHONE_NUMBER",
    "1984-03-02": "DATE_OF_BIRTH",
    'O"Brien\\x': "PERSON",
    "person": "ORGANIZATION",
}
CASES = st.sampled_from([str, str.upper, str.lower, lambda text: text.replace(" ", "\n ")])
ENCODED = st.sampled_from(
    [quote, lambda text: b64encode(b"to " + text.encode()).decode(), lambda text: text]
)
FILLER = st.sampled_from(
    [
        "annual ",
        " the walker ",
        "<PERSON_1>",
        "PERSON_1 ",
        "<LITERAL_1>",
        " \\",
        "<",
        ">",
        "&lt;",
        " ",
        ", ",
        "\n\n",
        "`code`",
        "x",
        "_",
        "\u200b",
        "PERSON_1>",
        "\\<",
        "\\>",
        "_1",
        "\u2039",
        "1",
    ]
)
SHORT = st.sampled_from(["hollenbach", "Hollenbach", "mhollenbach", "MARGARETHE", "jmueller"])
PIECES = st.one_of(
    FILLER,
    SHORT,
    st.sampled_from(sorted(VALUES)),
    st.builds(lambda text, case: case(text), st.sampled_from(sorted(VALUES)), CASES),
    st.builds(lambda text, code: code(text), st.sampled_from(sorted(VALUES)), ENCODED),
    st.text(max_size=4),
)
TEXTS = st.lists(PIECES, max_size=7).map("".join)
NAMES = st.lists(
    st.sampled_from(
        ["get", "_", "Jane", "Ann", "PERSON_1", "X_", "2", "Acme", "Hollenbach", "Margarethe"]
    ),
    min_size=1,
    max_size=4,
).map("".join)
ACTIONS = st.sampled_from(
    [
        None,
        Action(ActionKind.PLACEHOLDER),
        Action(ActionKind.HASH),
        Action(ActionKind.PSEUDONYMISE),
        Action(ActionKind.PSEUDONYMISE),
    ]
)
TREATMENTS = st.dictionaries(
    st.sampled_from([*sorted(set(VALUES.values())), "PIECE"]), ACTIONS.filter(bool), max_size=6
)


@st.composite
def turns(draw: st.DrawFn) -> tuple[TextPart, tuple[Finding, ...]]:
    """A part, and findings at some of the places where a value stands, or anywhere."""
    alphabet = draw(st.sampled_from([Alphabet.TEXT] * 5 + [Alphabet.NAME, Alphabet.DIGITS]))
    if alphabet is Alphabet.DIGITS:
        text = draw(st.from_regex(r"[1-9][0-9]{6,18}", fullmatch=True))
    else:
        text = draw(TEXTS if alphabet is Alphabet.TEXT else NAMES)
    found = []
    for value, entity in VALUES.items():
        places = re.finditer(re.escape(value), text)
        found += [Finding(entity, *at.span(), 0.9, "test") for at in places if draw(st.booleans())]
    if text and draw(st.booleans()):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        if alphabet is not Alphabet.DIGITS or draw(st.booleans()):
            found.append(Finding("PIECE", start, end, 0.5, "test"))
    author = draw(st.sampled_from([Author.USER, Author.OPERATOR]))
    return TextPart(("turn", draw(st.integers(0, 10**9))), text, author, alphabet=alphabet), tuple(
        found
    )


CONVERSATIONS = st.lists(turns(), min_size=1, max_size=6)


def masked_of(conversation: list, treatment: dict[str, Action]) -> tuple[list[TextPart], Masked]:
    parts = [part for part, _ in conversation]
    findings = sweep(parts, [found for _, found in conversation], LEXICON)
    try:
        return parts, number(parts, findings).render(treatment, KEY)
    except CannotMask:
        assume(False)
        raise


@settings(max_examples=300, deadline=None)
@given(CONVERSATIONS, TREATMENTS)
def test_masking_then_restoring_changes_nothing(conversation: list, treatment: dict) -> None:
    parts, masked = masked_of(conversation, treatment)
    restorer = Restorer(masked.mapping, parts)
    restorer.hosts = Everywhere()
    for part, text in zip(parts, masked.texts, strict=True):
        channel = Channel.NAME if part.alphabet is Alphabet.NAME else Channel.TEXT
        assert restorer.text(text, channel) == part.text


@settings(max_examples=300, deadline=None)
@given(CONVERSATIONS, TREATMENTS)
def test_nothing_hidden_is_left(conversation: list, treatment: dict) -> None:
    _, masked = masked_of(conversation, treatment)
    check(masked, LEXICON)
    for value in masked.hidden:
        bounded = rf"(?<![^\W_]){re.escape(value)}(?![^\W_])"
        if LEXICON.trivial(canonical(value)):
            continue
        for text, tokens in zip(masked.texts, masked.tokens, strict=True):
            left = "\0".join(
                text[a:b] for (_, a), (b, _) in pairwise([(0, 0), *tokens, (len(text), 0)])
            )
            shown = "".join(letter for letter in left if not vanishes(letter))
            assert not re.search(bounded, shown)


@settings(max_examples=200, deadline=None)
@given(CONVERSATIONS, turns(), TREATMENTS)
def test_appending_a_turn_renumbers_nothing(
    conversation: list, turn: tuple, treatment: dict
) -> None:
    _, before = masked_of(conversation, treatment)
    _, after = masked_of([*conversation, turn], treatment)
    kept = before.mapping.tokens.items()
    assert {token: after.mapping.tokens.get(token, text) for token, text in kept} == dict(kept)
    if not turn[1]:
        assert after.texts[:-1] == before.texts


def said(text: str, *found: tuple[str, int, int]) -> tuple[TextPart, tuple[Finding, ...]]:
    """A turn, and what is found in it: entity, start, end."""
    findings = (Finding(entity, start, end, 0.9, "test") for entity, start, end in found)
    return TextPart((), text), tuple(findings)


ANNA = said("Anna Hollenbach", ("PERSON", 0, 15))
HIDDEN = {"PERSON": Action(ActionKind.PLACEHOLDER)}
BASE64 = b64encode(b"to Margarethe Hollenbach").decode()


@example([said(BASE64), ANNA], [said("hollenbach")], HIDDEN, {})
@example([ANNA], [said("hollenbachhollenbach", ("PIECE", 0, 10))], HIDDEN, {})
@example([said(f"Margarethe Hollenbach{BASE64}", ("PERSON", 0, 21))], [ANNA], HIDDEN, {})
@settings(max_examples=500, deadline=None)
@given(CONVERSATIONS, CONVERSATIONS, TREATMENTS, TREATMENTS)
def test_going_on_from_earlier_turns_gives_what_starting_anew_gives(
    earlier: list, later: list, treatment: dict, other: dict
) -> None:
    parts = [part for part, _ in (*earlier, *later)]
    found = [found for _, found in (*earlier, *later)]
    turn = parts[: len(earlier)]
    before = number(turn, sweep(turn, found[: len(earlier)], LEXICON))
    findings = sweep(parts, found[len(earlier) :], LEXICON, before.numbered.findings)
    going_on = number(parts, findings, before.numbered)
    anew = number(parts, sweep(parts, found, LEXICON))
    entities = before.numbered.entities
    agreeing = {**other, **{name: treatment[name] for name in treatment if name in entities}}
    for name in entities - treatment.keys():
        agreeing.pop(name, None)
    try:
        whole = anew.render(agreeing, KEY)
        plan = before.render(treatment, KEY).plan
        masked = going_on.render(agreeing, KEY, plan)
    except CannotMask:
        assume(False)
        raise
    assert masked.texts == whole.texts
    assert masked.mapping == whole.mapping
    assert masked.tokens == whole.tokens
    assert sorted(masked.hidden) == sorted(whole.hidden)


@settings(max_examples=200, deadline=None)
@given(CONVERSATIONS, TREATMENTS, st.data())
def test_a_stream_is_the_same_however_it_is_cut(
    conversation: list, treatment: dict, data: st.DataObject
) -> None:
    parts, masked = masked_of(conversation, treatment)
    restorer = Restorer(masked.mapping, parts)
    tokens = [f"<{token}>" for token in masked.mapping.tokens]
    damaged = [token.replace("_", "\\_") for token in tokens] + [token[1:-1] for token in tokens]
    damaged += [token.replace("<", "&lt;") for token in tokens] + [*masked.mapping.digits]
    damaged += [token.replace("<", "\\<").replace(">", "\\>") for token in tokens]
    damaged += [token.replace("<", "\\\\u003c") for token in tokens]
    surrogates = [*masked.mapping.surrogates]
    damaged += surrogates + [name[:-1] for name in surrogates] + [name[1:] for name in surrogates]
    noise = st.sampled_from(
        [
            "<",
            "<<\u2039",
            "\\",
            "&",
            "&lt;",
            "&l",
            "_",
            "1",
            "b",
            "US_",
            "US",
            "P",
            "`",
            "```",
            "\n",
            " ",
            '"',
            "https://evil.example/",
            "evil.example/x?",
            "](",
            "[1]: ",
            "href='",
            '{"a": "',
            '{\\"a\\": \\"',
        ]
    )
    said = tokens + damaged
    pieces = st.lists(st.sampled_from(said) | noise if said else noise, max_size=10)
    text = "".join(data.draw(pieces))
    for channel in Channel:
        whole = restorer.text(text, channel)
        assert "".join(restored(restorer, list(text), channel)) == whole
        for cut in range(len(text) + 1):
            assert "".join(restored(restorer, [text[:cut], text[cut:]], channel)) == whole


@given(st.text(alphabet="Ab1 _<>&lt;\\`PERSON", max_size=60))
def test_without_a_mapping_nothing_is_touched(text: str) -> None:
    restorer = Restorer(masked_of([(TextPart((), "x"), ())], {})[1].mapping, [])
    assert all(restorer.text(text, channel) == text for channel in Channel)


@settings(max_examples=100, deadline=None)
@given(CONVERSATIONS, TREATMENTS)
def test_two_values_never_share_a_placeholder(conversation: list, treatment: dict) -> None:
    _, masked = masked_of(conversation, treatment)
    assert len(set(masked.mapping.tokens.values())) == len(masked.mapping.tokens)
    whole = [one.text for one in masked.mapping.surrogates.values() if one.text in one.of]
    assert len(set(whole)) == len(whole)


@settings(max_examples=200, deadline=None)
@given(CONVERSATIONS, TREATMENTS)
def test_a_surrogate_is_nothing_that_the_request_says(conversation: list, treatment: dict) -> None:
    parts, masked = masked_of(conversation, treatment)
    said = "\0".join(part.text for part in parts).casefold()
    for surrogate in masked.mapping.surrogates:
        assert surrogate.casefold() not in said
        assert not any(value.casefold() in surrogate.casefold() for value in masked.hidden)


def restored(restorer: Restorer, pieces: list[str], channel: Channel) -> list[str]:
    stream = restorer.stream(channel)
    return [*map(stream.feed, pieces), stream.close()]


class Everywhere:
    def __contains__(self, host: str) -> bool:
        return True


@pytest.mark.parametrize("kind", [ActionKind.REDACT])
def test_redacted_values_stay_away(kind: ActionKind) -> None:
    part = TextPart((), "card 4111 1111 1111 1111")
    found = (Finding("CREDIT_CARD", 5, 24, 1.0, "test"),)
    _, masked = masked_of([(part, found)], {"CREDIT_CARD": Action(kind)})
    assert masked.texts == ("card <CREDIT_CARD>",)
    assert Restorer(masked.mapping, [part]).text(masked.texts[0], Channel.TEXT) == masked.texts[0]
