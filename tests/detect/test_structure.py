"""Times of log lines and parts of objects aren't anybody's data; what stands beside them is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from proxy.detect.spans import RawSpan
from proxy.detect.structure import meant
from proxy.exchange import Finding


def _kept(text: str, shown: str, entity: str, *, model: bool = False) -> bool:
    start = text.index(shown)
    span = RawSpan(Finding(entity, start, start + len(shown), 0.6, "Some"), model=model)
    return list(meant(text, [span])) == [span]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-05 09:12:44,694 DEBUG kubelet - started", "2026-11-05"),
        ("first\n[2026-11-05T09:12:44.123Z] INFO up", "2026-11-05"),
        ('10.0.0.1 - - [23/Nov/2026:09:18:53 +0000] "GET / HTTP/1.1"', "23/Nov/2026"),
        ("Nov 23 09:18:53 web-1 sshd[7]: closed", "Nov 23"),
        ("2026/11/05 09:12:44 [error] 31#31: *1 open()", "2026/11/05"),
    ],
)
def test_when_a_line_was_logged_is_nobodys_date(text: str, shown: str) -> None:
    assert not _kept(text, shown, "DATE_TIME")
    assert _kept(text, shown, "PHONE_NUMBER"), "only dates go"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Her appointment is on 2026-11-05 09:12:44 sharp", "2026-11-05"),
        ("2026-11-05 at nine: Jane", "2026-11-05"),
        ("2026-11-05 09:12 Jane called", "2026-11-05"),
        ("2026-11-05 09:12:44 INFO discharge planned for 2026-12-01", "2026-12-01"),
        ("born\n12.03.1984", "12.03.1984"),
    ],
)
def test_other_dates_stay(text: str, shown: str) -> None:
    assert _kept(text, shown, "DATE_TIME")


def test_models_read_no_names_into_the_head_of_a_log_line() -> None:
    text = "2026-11-05 09:12:44,694 DEBUG Jane Doe logged in"
    assert not _kept(text, "694 DEBUG", "ADDRESS", model=True)
    assert _kept(text, "Jane Doe", "PERSON", model=True)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("print(s.help())", "s.help"),
        ("        if action.help is None:", "action.help"),
        ("const x = entry.events;", "entry.events"),
        ("\tparts: entry.parts,\n", "entry.parts"),
        ("now = datetime.datetime.now()", "datetime.datetime.now"),
        ("diff --git a/src/cache.rs b/src/cache.rs", "cache.rs"),
    ],
)
def test_parts_of_objects_are_no_hosts(text: str, shown: str) -> None:
    assert not _kept(text, shown, "URL")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('host = "db.corp.app"', "db.corp.app"),
        ("ping(db.acme.com)", "db.acme.com"),
        ("We moved to acme.cloud last year.", "acme.cloud"),
        ("x = https://acme.app/a", "https://acme.app/a"),
        ("x = www.acme.app", "www.acme.app"),
        ("app: acme.cloud", "acme.cloud"),
        ("see https://cache.rs", "cache.rs"),
        ("mirrors/example.com", "example.com"),
    ],
)
def test_hosts_stay(text: str, shown: str) -> None:
    assert _kept(text, shown, "URL")


def _both(text: str, *said: tuple[str, str, float, bool]) -> set[str]:
    """Return which of several findings in one text remain, by entity."""
    spans = [
        RawSpan(
            Finding(entity, text.index(shown), text.index(shown) + len(shown), score, "Some"),
            closed=closed,
        )
        for shown, entity, score, closed in said
    ]
    return {span.finding.entity for span in meant(text, spans)}


def test_a_number_that_its_label_explains_isnt_dialled() -> None:
    number = ("02389542", "MEDICAL_RECORD", 0.85, True)
    assert _both("NHC: 02389542", number, ("02389542", "PHONE_NUMBER", 0.4, True)) == {
        "MEDICAL_RECORD"
    }
    doubtful = ("02389542", "MEDICAL_RECORD", 0.6, False)
    assert _both("NHC: 02389542", doubtful, ("02389542", "PHONE_NUMBER", 0.4, True)) == {
        "MEDICAL_RECORD",
        "PHONE_NUMBER",
    }
    told = ("02389542", "PHONE_NUMBER", 0.85, True)
    assert _both("NHC: 02389542", number, told) == {"MEDICAL_RECORD", "PHONE_NUMBER"}


@pytest.mark.parametrize(
    ("shown", "left"),
    [
        ("PESEL", ""),
        ("Codice fiscale", ""),
        ("posiadacz rachunku Gracjan Ptak", "Gracjan Ptak"),
        ("Gracjan Ptak", "Gracjan Ptak"),
        ("Mercedes Alba", "Mercedes Alba"),
    ],
)
def test_a_fields_name_is_no_part_of_a_name(shown: str, left: str) -> None:
    text = f"{shown} 123"
    found = Finding("PERSON", 0, len(shown), 0.8, "SpacyRecognizer")
    kept = [
        text[one.finding.start : one.finding.end]
        for one in meant(text, [RawSpan(found, model=True)])
    ]
    assert kept == ([left] if left else [])
    said = RawSpan(replace(found, recognizer="PersonLabelRecognizer"))
    assert list(meant(text, [said])) == [said]


def test_what_a_persons_label_stands_before_is_somebody() -> None:
    text = "posiadacz Gracjan Ptak"
    (kept,) = meant(text, [RawSpan(Finding("LOCATION", 0, 22, 0.8, "SpacyRecognizer"), model=True)])
    assert (kept.finding.entity, kept.finding.start) == ("PERSON", 10)


def test_a_models_address_holds_no_field() -> None:
    text = "wohnhaft Hinter der Mühle 12, 31785 Hameln, Tel. 05151 5550"
    end = text.index(" 05151")
    found = RawSpan(Finding("ADDRESS", 0, end, 0.8, "SpacyRecognizer"), model=True)
    (kept,) = meant(text, [found])
    assert text[kept.finding.start : kept.finding.end] == "Hinter der Mühle 12, 31785 Hameln"
