"""Allow lists mark values as shown; public figures only while nobody else is spoken of."""

from __future__ import annotations

from proxy.detect.allowing import AllowList
from proxy.detect.knowledge.terms import TermList
from proxy.detect.sweep import sweep
from proxy.exchange import Finding, TextPart
from proxy.spelling import Lexicon


def marked(allow: AllowList, *texts: str, **values: str) -> set[str]:
    """The values shown, of those named: entity=value,value."""
    parts = [TextPart(("x",), text) for text in texts]
    findings = [
        [
            Finding(entity, text.index(value), text.index(value) + len(value), 0.9, "r")
            for entity, listed in values.items()
            for value in listed.split(",")
            if value in text
        ]
        for text in texts
    ]
    return {
        part.text[one.start : one.end]
        for part, found in zip(parts, allow.mark(parts, findings), strict=True)
        for one in found
        if one.shown
    }


LIST = AllowList(
    [
        (TermList(["Acme Support"], exact=False), frozenset({"PERSON", "ORGANIZATION"})),
        (TermList(["ops@acme.example"], exact=True), frozenset({"EMAIL_ADDRESS"})),
    ]
)


def test_a_value_is_shown_as_a_whole_and_for_its_entities_only() -> None:
    assert marked(LIST, "Ask ACME  support", PERSON="ACME  support") == {"ACME  support"}
    assert marked(LIST, "Ask Acme Support", PERSON="Acme") == {"Acme"}, "a model saw half of it"
    assert marked(LIST, "Ask Acme about support", PERSON="Acme") == set()
    assert marked(LIST, "Ask Acme Support Desk", PERSON="Acme Support Desk") == set()
    assert marked(LIST, "Ask Acme Support", LOCATION="Acme Support") == set()
    assert marked(LIST, "ops@acme.example", EMAIL_ADDRESS="ops@acme.example") == {
        "ops@acme.example"
    }
    assert marked(LIST, "OPS@acme.example", EMAIL_ADDRESS="OPS@acme.example") == set()


def test_who_is_shown_is_shown_by_a_part_of_the_name_too() -> None:
    allowed = AllowList([(TermList(["Miriam Webster"], exact=False), frozenset({"PERSON"}))])

    def shown(*names: str) -> list[str]:
        parts = [TextPart((at,), text) for at, text in enumerate((*names, "see webster.pdf"))]
        found = [(Finding("PERSON", 0, len(name), 0.9, "ner"),) for name in names]
        swept = sweep(parts, [*found, ()], Lexicon())
        return [
            part.text[one.start : one.end]
            for part, some in zip(parts, allowed.mark(parts, swept), strict=True)
            for one in some
            if one.shown
        ]

    assert shown("Miriam Webster") == ["Miriam Webster", "webster"]
    assert shown("Miriam Webster", "Noah Webster") == ["Miriam Webster", "webster"]
    assert shown("Noah Webster") == []


FIGURES = AllowList(figures=frozenset({"angela merkel", "albert einstein"}))


def test_a_public_figure_is_shown_while_nobody_else_is_spoken_of() -> None:
    asked = "Did Angela Merkel meet Macron in Berlin? What did Merkel say?"
    assert marked(FIGURES, asked, PERSON="Angela Merkel", LOCATION="Berlin") == {"Angela Merkel"}
    assert marked(FIGURES, asked, PERSON="Angela Merkel,Macron") == set()
    second = "And what did Merkel answer?"
    assert marked(FIGURES, "Who is Angela Merkel?", second, PERSON="Angela Merkel,Merkel") == {
        "Angela Merkel",
        "Merkel",
    }
    assert marked(FIGURES, second, PERSON="Merkel") == set(), "a surname alone may be anybody's"
    assert marked(FIGURES, "Angela spoke to Angela Merkel", PERSON="Angela,Angela Merkel") == set()


def test_anything_personal_anywhere_in_the_request_hides_the_figure() -> None:
    texts = ("Angela Merkel called.", "Her number is +49 30 123456.")
    assert marked(FIGURES, *texts, PERSON="Angela Merkel") == {"Angela Merkel"}
    assert marked(FIGURES, *texts, PERSON="Angela Merkel", PHONE_NUMBER="+49 30 123456") == set()
    ours = (TermList(["+49 30 123456"], exact=False), frozenset({"PHONE_NUMBER"}))
    allowed = marked(
        AllowList([ours], FIGURES.figures),
        *texts,
        PERSON="Angela Merkel",
        PHONE_NUMBER="+49 30 123456",
    )
    assert allowed == {"Angela Merkel", "+49 30 123456"}
