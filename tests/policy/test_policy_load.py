"""Loading: what is refused, by which words, and where the problem points to."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.exchange import Finding
from proxy.policy.load import parse
from proxy.yaml_file import ConfigError, Problem

ACME = (Path(__file__).parent / "acme.yaml").read_text()
PRODUCED = frozenset(
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


def problems_of(text: str, produced: frozenset[str] | None = None) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        parse(text, "acme.yaml", produced)
    return caught.value.problems


def test_the_sample_loads() -> None:
    policy = parse(ACME, "acme.yaml", PRODUCED)
    assert policy.name == "acme/2026-11"
    assert (len(policy.permits), len(policy.waivers)) == (1, 1)
    assert len(policy.restrictions) == 3


#: What is changed in the sample, into what; where the problem points to, and what it says.
BREACHES = [
    (
        "residual: internal}",
        "residual: restricted}",
        "restricted}",
        "hidden, it can't weigh more than its class (at most confidential)",
    ),
    (
        "CREDIT_CARD:   {class: restricted,   action: redact}",
        "CREDIT_CARD:   {class: restricted, action: allow, residual: public}",
        "public}",
        (
            "'allow' hides nothing, so it can't weigh less"
            " (choose an action that hides it, or drop residual)"
        ),
    ),
    (
        "clearance: restricted}",
        "clearance: restrcted}",
        "restrcted}",
        "no class 'restrcted' (did you mean 'restricted'?)",
    ),
    (
        "any_of: [CREDIT_CARD]",
        "any_of: [CREDIT_CRAD]",
        "CREDIT_CRAD]",
        "'CREDIT_CRAD' isn't under `entities` (did you mean 'CREDIT_CARD'?)",
    ),
    (
        "any_of: [CREDIT_CARD]",
        "none_of: [CREDIT_CARD]",
        "none_of:",
        "a block can only test that something is present (use any_of, all_of or `opaque: true`)",
    ),
    (
        "permit: {providers: any}}",
        "when: {entities: {any_of: [PERSON]}}, permit: {providers: any}}",
        "any_of: [PERSON]",
        "a permit can only test that something is absent (use none_of or `opaque: false`)",
    ),
    (
        "permit: {providers: any}}",
        "when: {opaque: true}, permit: {providers: any}}",
        "true}, permit",
        "a permit can only test that something is absent (use none_of or `opaque: false`)",
    ),
    (
        "permit: {providers: any}}",
        "when: {labels: {purpose: care}}, permit: {providers: any}}",
        "purpose: care",
        "'purpose' isn't under `labels` (list it there, with its values)",
    ),
    (
        "permit: {providers: any}}",
        "when: {labels: {class: public}}, permit: {providers: any}}",
        "class: public",
        "a permit can't depend on the label class (a declared class only tightens)",
    ),
    (
        "permit: {providers: any}}",
        "permit: {providers: [openai-eu]}}",
        "openai-eu]",
        "no provider 'openai-eu' (did you mean 'openai-us'?)",
    ),
    (
        "block: {message: Use the vault reference instead.}",
        "treat: {CREDIT_CARD: placeholder}",
        "placeholder}",
        "placeholder isn't as strong as CREDIT_CARD's own action, redact (treat only strengthens)",
    ),
    (
        "block: {message: Use the vault reference instead.}",
        "treat: {CREDIT_CARD: allow}",
        "allow}",
        "treat can't show what is found",
    ),
    (
        "block: {message: Use the vault reference instead.}",
        "until: 2027-01-01",
        "id: no-card-numbers",
        (
            "rule 'no-card-numbers' has no verb"
            " (one of permit, require, block, treat, waive, output, withhold, keep)"
        ),
    ),
    (
        "id: ibans-stay-in-the-eu",
        "id: no-card-numbers",
        "no-card-numbers",
        "two rules are called 'no-card-numbers' (rename one)",
    ),
    (
        "id: no-card-numbers",
        "id: clearance",
        "clearance\n",
        "'clearance' is the name of a built-in reason (choose another id)",
    ),
    (
        "id: no-card-numbers",
        "id: signed-content",
        "signed-content\n",
        "'signed-content' is the name of a built-in reason (choose another id)",
    ),
    (
        "rule: ibans-stay-in-the-eu,",
        "rule: ibans-stay-in-eu,",
        "ibans-stay-in-eu,",
        "no rule 'ibans-stay-in-eu' (did you mean 'ibans-stay-in-the-eu'?)",
    ),
    (
        "lifts: require",
        "lifts: block",
        "block,",
        "rule 'ibans-stay-in-the-eu' has no 'block' to lift (it has require)",
    ),
    (
        "approved_by: [ciso@acme, dpo@acme]",
        "approved_by: [ciso@acme, ' CISO@acme']",
        "[ciso@acme, ' CISO",
        "a waiver needs two different approvers in 'approved_by' (name two people)",
    ),
    (
        "    scope: {team: fraud, app: case-review}\n",
        "",
        "id: fraud-desk-us",
        "a waiver needs a scope (name a team or an app)",
    ),
    (
        "    until: 2027-01-31\n",
        "",
        "id: fraud-desk-us",
        "a waiver needs 'until' (its last day, as in 2027-01-31)",
    ),
    (
        "    require: {provider: {region: eu}}",
        "    require: {provider: {region: eu}}\n    until: 2027-01-30",
        "until: 2027-01-30",
        "only a waiver has 'until' (take it out)",
    ),
    (
        "action: {generalise: year}",
        "action: pseudonym",
        "pseudonym",
        (
            "action: should be 'allow', 'hash', 'pseudonymise', 'placeholder', 'redact' or 'block'"
            " (did you mean 'pseudonymise'?)"
        ),
    ),
    (
        "on_prem: true",
        "on_prem: yes",
        "yes,",
        "on_prem: should be true or false (write true)",
    ),
    (
        "when: {entities: {any_of: [IBAN",
        "whn: {entities: {any_of: [IBAN",
        "whn:",
        "unknown key 'whn' (did you mean 'when'?)",
    ),
    (
        "{team: fraud, app: case-review}",
        "{}",
        "{}",
        "scope: at least one key is needed here",
    ),
    (
        "[public, internal,",
        "[public, public, internal,",
        "public, internal,",
        "class 'public' stands twice (keep one)",
    ),
    (
        "certs: [soc2],      clearance: internal}",
        "clearance: internal}\n  any: {region: us, on_prem: true, clearance: public}",
        "any: {region",
        "'any' means every provider (choose another name)",
    ),
]


@pytest.mark.parametrize(("old", "new", "points_to", "says"), BREACHES)
def test_refuses_with_a_place_and_a_hint(old: str, new: str, points_to: str, says: str) -> None:
    assert old in ACME
    text = ACME.replace(old, new, 1)
    found = {
        (text.splitlines(keepends=True)[p.line - 1][p.column - 1 :], str(p).split(": ", 1)[1])
        for p in problems_of(text)
    }
    assert any(there.startswith(points_to) and says == said for there, said in found), found


def test_an_entity_that_nothing_produces_is_an_error_where_a_rule_waits_for_it() -> None:
    (problem,) = problems_of(ACME, PRODUCED - {"MEDICAL_RECORD"})
    assert problem.code == "unproduced"
    assert (problem.line, problem.column) == (26, 32)
    parse(ACME, "acme.yaml", PRODUCED - {"EMAIL_ADDRESS"})  # no rule depends on this one


def test_reports_every_problem_at_once_in_the_order_of_the_file() -> None:
    text = ACME.replace("region: eu}}", "region: eu, names: nobody}}").replace(
        "[PERSON, D", "[PERSO, D"
    )
    assert [p.line for p in problems_of(text)] == [13, 30]


def test_the_digest_is_of_what_is_said() -> None:
    digest = parse(ACME, "acme.yaml").digest
    same = ACME.replace("[hipaa-baa]}}", "hipaa-baa}}").replace("min_score: 0.5", "min_score: 0.50")
    assert parse("# a comment\n" + same, "other.yaml").digest == digest
    for old, new in (
        ("keep_last: 4", "keep_last: 2"),
        ("why: PCI DSS 3.4", "why: PCI"),
        ("2027-01-31", "2027-01-30"),
    ):
        assert parse(ACME.replace(old, new), "acme.yaml").digest != digest
    lower = ACME.replace("[public, internal,", "[internal, public,").replace(
        "  LOCATION:      {class: internal", "  LOCATION:      {class: public"
    )
    assert parse(lower, "acme.yaml").digest != digest


def test_accept_drops_findings_below_their_entitys_score() -> None:
    policy = parse(ACME, "acme.yaml")
    findings = tuple(
        Finding(entity, 0, 1, score, "r")
        for entity, score in (("EMAIL_ADDRESS", 0.49), ("EMAIL_ADDRESS", 0.5), ("PERSON", 0.1))
    )
    assert policy.accept(findings) == findings[1:]
    assert (policy.min_score("EMAIL_ADDRESS"), policy.min_score("UNHEARD_OF")) == (0.5, 0.0)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_mutated_policy_loads_or_has_placed_problems(data: st.DataObject) -> None:
    text = ACME
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        piece = data.draw(
            st.sampled_from(
                [
                    "",
                    "~",
                    "{",
                    "]",
                    ": ",
                    "\n",
                    "- ",
                    "'",
                    "&a ",
                    "*a",
                    "PERSON",
                    "any",
                    "9",
                    "\t",
                    "\ud800",
                    "true",
                ]
            )
        )
        text = text[:start] + piece + text[end:]
    problems: tuple[Problem, ...] = ()
    try:
        parse(text, "acme.yaml", PRODUCED)
    except ConfigError as error:
        problems = error.problems
    assert all(1 <= p.line <= text.count("\n") + 2 and p.column >= 1 for p in problems)
