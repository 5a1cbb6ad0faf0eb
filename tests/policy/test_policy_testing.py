"""Policy tests: what a failing one says, and that no caller, model or day escapes an invariant."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from proxy.commands.explaining import Asked, explain_facts
from proxy.exchange import Principal
from proxy.policy.testing import run
from proxy.yaml_file import ConfigError

ACME = (Path(__file__).parent / "acme.yaml").read_text()
TODAY = date(2026, 11, 23)


def problems(folder: Path, tests: str, policy: str = ACME, on: date = TODAY) -> list[str]:
    (folder / "acme.yaml").write_text(policy)
    path = folder / "acme.test.yaml"
    path.write_text("policy: acme.yaml\n" + tests)
    return [str(r.problem).removeprefix(f"{path}:") for r in run(path, on) if r.problem]


CASES = """\
cases:
  - {name: a, given: {entities: [IBAN_CODE], provider: azure-eu}, expect: {treatment: {}}}
  - {name: b, given: {entities: [PERSON], provider: azure-eu}, expect: {refused_by: x}}
  - {name: c, given: {entities: [CREDIT_CARD], provider: azure-eu}, expect: {treatment: {}}}
"""

DIFFERENCES = """\
3:5: a: expected allowed, hiding nothing; got allowed, hiding IBAN_CODE by mask, keep last 4
4:5: b: expected refused by x; got allowed, hiding PERSON by placeholder
5:5: c: expected allowed, hiding nothing; got refused by no-card-numbers
"""


def test_a_failing_case_shows_the_difference_and_who_decided(tmp_path: Path) -> None:
    shown = "".join(f"{problem}\n" for problem in problems(tmp_path, CASES))
    assert shown.count(", decided by general-use") == 2
    assert shown.replace(", decided by general-use", "") == DIFFERENCES


IBANS = """\
invariants:
  - {name: in the EU, entities: [IBAN_CODE], to: {names: openai-us}, never: sent}
"""


def test_an_invariant_finds_the_caller_that_a_waiver_lets_through(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, IBANS)
    assert problem.startswith("3:5: in the EU: IBAN_CODE is sent to openai-us for team fraud,")
    assert problem.endswith(" app case-review, by fraud-desk-us, general-use")
    assert problems(tmp_path, IBANS, on=date(2027, 2, 1)) == []


def test_an_invariant_finds_the_model_that_a_permit_names(tmp_path: Path) -> None:
    policy = ACME.replace("providers: any}", "providers: any, models: [gpt-x]}")
    tests = IBANS.replace("IBAN_CODE", "LOCATION").replace("sent", "shown")
    (problem,) = problems(tmp_path, tests, policy)
    assert problem.endswith(
        "LOCATION is shown to openai-us for anyone, model gpt-x, by general-use"
    )


def test_an_invariant_about_any_entity_tries_one_that_the_policy_does_not_know(
    tmp_path: Path,
) -> None:
    tests = (
        "invariants:\n"
        "  - {name: all, entities: any, but: [LOCATION], to: {on_prem: false}, never: shown}\n"
    )
    policy = ACME.replace(
        "{class: restricted, action: placeholder}, hide", "{class: public, action: allow}, hide"
    )
    assert problems(tmp_path, tests) == []
    (problem,) = problems(tmp_path, tests, policy)
    assert "ANY_OTHER_ENTITY is shown to azure-eu" in problem


@pytest.mark.parametrize(
    "tests",
    [
        "cases: [{name: a, given: {provider: x}, expect: {}}]",
        "cases: [{name: a, given: {provider: x}, expect: {treatment: {}, refused_by: y}}]",
        "invariants: [{name: nothing, never: sent}]",
        "invariants: [{name: nobody, entities: any, to: {region: mars}, never: sent}]",
        "invariants: [{name: typo, entities: [PRESON], never: sent}]",
        "invariants: [{name: never, entities: any, never: shwon}]",
        "cases: []\nthings: []",
    ],
)
def test_a_test_that_can_not_fail_is_an_error(tmp_path: Path, tests: str) -> None:
    with pytest.raises(ConfigError):
        problems(tmp_path, tests)


MISSPELT = [
    ("entities: [PRESON]", "3:34: 'PRESON' isn't an entity of the policy (did you mean 'PERSON'?)"),
    ("counts: {PRESON: 3}", "3:32: 'PRESON' isn't an entity of the policy"),
    ("labels: {purpse: care}", "3:32: the policy has no label 'purpse' (did you mean 'purpose'?)"),
    (
        "attested: [purpose]",
        "3:34: 'purpose' is attested and not given (add it to given.labels)",
    ),
]


@pytest.mark.parametrize(("given", "told"), MISSPELT)
def test_a_case_about_what_is_misspelt_is_an_error(tmp_path: Path, given: str, told: str) -> None:
    policy = ACME + "labels: {purpose: {values: [care]}}\n"
    case = f"cases:\n  - {{name: a, given: {{{given}, provider: x}}, expect: {{refused: true}}}}\n"
    with pytest.raises(ConfigError) as caught:
        problems(tmp_path, case, policy)
    (problem,) = caught.value.problems
    assert told in str(problem)


def test_a_case_may_be_about_an_entity_that_the_policy_does_not_list(tmp_path: Path) -> None:
    case = "cases:\n  - {name: a, given: {entities: [XYZ], provider: azure-eu}, expect: {hides: [XYZ]}}\n"
    assert problems(tmp_path, case) == []


def test_a_policy_is_no_test_file(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(ACME)
    with pytest.raises(ConfigError, match="this is a policy and no tests"):
        run(tmp_path / "acme.yaml", TODAY)


def test_explaining_what_is_misspelt_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(ACME)
    asked = Asked(tmp_path / "acme.yaml", None, Principal("acme", "", ""), "", TODAY)
    with pytest.raises(ConfigError, match="FACTS:1:13: 'PRESON' isn't an entity of the policy"):
        explain_facts("{entities: [PRESON]}", asked)
