"""Keyed tokens: the same value, the same token, whatever else is in the request."""

from __future__ import annotations

import re

import pytest

from proxy.errors import CannotMask
from proxy.exchange import Action, ActionKind, Author, Channel, Finding, TextPart
from proxy.mask.keyed import Keyed
from proxy.mask.masked import Masked
from proxy.mask.masking import number
from proxy.mask.restorer import Restorer

PERSON = {"PERSON": Action(ActionKind.PLACEHOLDER)}
KEYED = Keyed(b"acme, support")


def masked(*texts: str, names: tuple[str, ...], keyed: Keyed = KEYED) -> tuple[Masked, Restorer]:
    parts = [TextPart(("messages", at), text, Author.USER) for at, text in enumerate(texts)]
    findings = [
        [Finding("PERSON", text.index(name), text.index(name) + len(name), 1.0, "test")]
        for text, name in zip(texts, names, strict=True)
    ]
    rendered = number(parts, findings).render(PERSON, b"hash", keyed=keyed)
    return rendered, Restorer(rendered.mapping, parts)


def test_a_token_outlives_what_stood_before_it() -> None:
    whole, _ = masked("Ask Ann Lee.", "Ask Bob Ray.", names=("Ann Lee", "Bob Ray"))
    trimmed, restorer = masked("Ask Bob Ray.", names=("Bob Ray",))
    assert trimmed.texts[0] == whole.texts[1]
    token = re.fullmatch(r"Ask <(PERSON_[A-Z2-7]{8})>\.", trimmed.texts[0])
    assert token is not None
    assert restorer.text(f"<{token[1]}>, {token[1]} &lt;{token[1]}&gt;", Channel.TEXT) == (
        "Bob Ray, Bob Ray Bob Ray"
    )


def test_spellings_share_a_token_and_have_letters() -> None:
    rendered, restorer = masked("Ask Ann Lee.", "ASK ANN LEE.", names=("Ann Lee", "ANN LEE"))
    first, second = (text[4:].rstrip(".") for text in rendered.texts)
    assert second == first.replace(">", "b>")
    assert restorer.text(f"{first} {second}", Channel.TEXT) == "Ann Lee ANN LEE"


def test_nobody_elses_conversations_are_linked() -> None:
    ours, _ = masked("Ask Ann Lee.", names=("Ann Lee",))
    theirs, _ = masked("Ask Ann Lee.", names=("Ann Lee",), keyed=Keyed(b"acme, sales"))
    assert ours.texts != theirs.texts


def test_two_values_with_one_token_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Keyed, "form", lambda _self, form: form._replace(number="AAAAAAA2"))
    with pytest.raises(CannotMask):
        masked("Ask Ann Lee.", "Ask Bob Ray.", names=("Ann Lee", "Bob Ray"))


def test_a_keyed_token_that_somebody_typed_is_a_value_itself() -> None:
    typed = "Who is <PERSON_ABCDEFG2>? Ask Ann Lee."
    rendered, restorer = masked(typed, names=("Ann Lee",))
    assert "<PERSON_ABCDEFG2>" not in rendered.texts[0]
    assert restorer.text(rendered.texts[0], Channel.TEXT) == typed
