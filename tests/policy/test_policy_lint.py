"""Lint: each warning for the one change of the sample that deserves it, and none otherwise."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from proxy.policy.lint import WARNINGS, lint
from proxy.yaml_file import Problem

ACME = (Path(__file__).parent / "acme.yaml").read_text()
TODAY = date(2026, 11, 23)
SAMPLE = frozenset(
    {
        "PERSON",
        "EMAIL_ADDRESS",
        "LOCATION",
        "DATE_OF_BIRTH",
        "IBAN_CODE",
        "MEDICAL_RECORD",
        "CREDIT_CARD",
    }
)


def lint_text(
    folder: Path, text: str, produced: frozenset[str] | None = SAMPLE, on: date = TODAY
) -> list[Problem]:
    path = folder / "acme.yaml"
    path.write_text(text)
    return lint(path, produced, on)


def test_the_sample_is_clean(tmp_path: Path) -> None:
    assert lint_text(tmp_path, ACME) == []


#: What is changed in the sample, into what; the warning, and where it points to.
ODDITIES = [
    ("providers: any}}", "providers: azure-eu}}", "provider-unused", "vllm-frankfurt:"),
    ("permit: {providers: any}}", "block: {}}", "no-permit", "rules:"),
    ("class: restricted}\nprov", "class: internal}\nprov", "escalation-idle", "internal}"),
    ("provider: {region: eu}}", "provider: {trains: false}}", "rule-idle", "ibans-stay-in-the-eu"),
    ("to: {provider: openai-us}", "to: {provider: azure-eu}", "rule-idle", "fraud-desk-us"),
    (
        "rules:\n",
        "rules:\n  - {id: sales, scope: {team: sales}, permit: {providers: azure-eu}}\n",
        "rule-shadowed",
        "sales",
    ),
    (
        "rules:\n",
        "rules:\n  - {id: x, when: {entities: {all_of: [CREDIT_CARD, PERSON]}}, block: {}}\n",
        "rule-shadowed",
        "x,",
    ),
    (
        "certs: [hipaa-baa], clearance: restricted}",
        "clearance: internal}",
        "entity-nowhere",
        "SECRET_PLAN:",
    ),
]


@pytest.mark.parametrize(("old", "new", "code", "points_to"), ODDITIES)
def test_warns(tmp_path: Path, old: str, new: str, code: str, points_to: str) -> None:
    assert old in ACME
    text = ACME.replace(old, new, 1)
    text = text.replace("escalate:", "  SECRET_PLAN: {class: restricted, action: hash}\nescalate:")
    found = {
        (p.code, text.splitlines()[p.line - 1][p.column - 1 :].startswith(points_to))
        for p in lint_text(tmp_path, text, None)
    }
    assert (code, True) in found, found
    assert code in WARNINGS


def test_warns_of_entities_without_a_recognizer_or_an_entry(tmp_path: Path) -> None:
    problems = lint_text(tmp_path, ACME, SAMPLE - {"EMAIL_ADDRESS"} | {"URL"})
    assert [(p.code, p.line) for p in problems] == [("entity-by-default", 2), ("no-recognizer", 6)]


def test_warns_of_waivers_that_end(tmp_path: Path) -> None:
    assert lint_text(tmp_path, ACME, on=date(2026, 12, 31)) == []
    (soon,) = lint_text(tmp_path, ACME, on=date(2027, 1, 31))
    (over,) = lint_text(tmp_path, ACME, on=date(2027, 2, 1))
    assert (soon.code, over.code) == ("waiver-ending", "waiver-ended")


def test_a_rule_that_a_waiver_lifts_shadows_no_other(tmp_path: Path) -> None:
    """Where the wider rule is waived the narrower one still stands, so it isn't superfluous."""
    narrow = (
        "  - {id: narrow, when: {entities: {all_of: [IBAN_CODE, PERSON]}},"
        " require: {provider: {region: eu}}}\n"
    )
    assert lint_text(tmp_path, ACME.replace("rules:\n", "rules:\n" + narrow)) == []
    unwaived = ACME[: ACME.index("  - id: fraud-desk-us")]
    (problem,) = lint_text(tmp_path, unwaived.replace("rules:\n", "rules:\n" + narrow))
    assert problem.code == "rule-shadowed"


def test_errors_come_alone(tmp_path: Path) -> None:
    problems = lint_text(tmp_path, ACME.replace("providers: any}}", "providers: nobody}}"))
    assert [p.code for p in problems] == ["unknown"]
    assert not WARNINGS & {p.code for p in problems}
