"""Clauses of section 8 that the sample doesn't reach, each on the smallest policy that shows it."""

from __future__ import annotations

from datetime import date

import pytest

from proxy.exchange import Action, ActionKind, Endpoint, Facts, Principal, Verdict
from proxy.policy.compiled import Policy
from proxy.policy.decide import decide
from proxy.policy.load import parse

REDACT = Action(ActionKind.REDACT)
PLACEHOLDER = Action(ActionKind.PLACEHOLDER)
HASH = Action(ActionKind.HASH)


def policy(*rules: str, entities: str = "", escalate: str = "") -> Policy:
    """Two classes; `in` on the premises and `out` off it, both cleared for low only."""
    return parse(
        "policy: clause\n"
        "classes: [low, high]\n"
        "default: {unclassified: high, entity: {class: high, action: placeholder},"
        " hide: above_clearance}\n"
        f"entities: {{{entities}}}\n"
        f"escalate: [{escalate}]\n"
        "labels: {purpose: {values: [ads, sales, care], assumed: []}}\n"
        "providers:\n"
        "  in: {region: eu, on_prem: true, clearance: low}\n"
        "  out: {region: us, on_prem: false, clearance: low}\n"
        "rules:\n  - {id: all, permit: {providers: any}}\n"
        + "".join(f"  - {{{rule}}}\n" for rule in rules),
        "clause.yaml",
    )


def ask(policy: Policy, *entities: str, provider: str = "out", **labels: str) -> Verdict:
    return decide(
        policy,
        Facts(frozenset(entities), labels=labels),
        Principal(tenant="t", team="red", app="a"),
        Endpoint(provider, "m"),
        date(2026, 11, 23),
    )


@pytest.mark.parametrize(
    ("action", "hidden_as"), [("allow", PLACEHOLDER), ("hash", PLACEHOLDER), ("redact", REDACT)]
)
def test_an_escalation_hides_as_a_placeholder_at_least(action: str, hidden_as: Action) -> None:
    clause = policy(
        entities=f"A: {{class: low, action: {action}}}, B: {{class: low, action: allow}}",
        escalate="{all_of: [A, B], class: high}",
    )
    assert ask(clause, "A", "B").treatment == {"A": hidden_as, "B": PLACEHOLDER}
    assert ask(clause, "A").treatment == {}


def test_an_entity_blocks_where_it_would_be_hidden_and_nowhere_else() -> None:
    clause = policy(entities="A: {class: low, action: block, hide: off_premises}")
    assert ask(clause, "A", provider="out").rules == ("entity-block:A",)
    assert ask(clause, "A", provider="in").allowed


def test_a_treat_hides_what_would_be_shown() -> None:
    clause = policy("id: t, treat: {A: redact}", entities="A: {class: low, action: hash}")
    got = ask(clause, "A", provider="in")
    assert got.treatment == {"A": REDACT}
    assert got.rules == ("all", "t")
    assert ask(clause, provider="in").rules == ("all",)  # it had nothing to hide


def test_demands_that_do_not_compare_join_to_a_hash() -> None:
    clause = policy(
        "id: t, treat: {A: {generalise: year}}",
        "id: u, treat: {A: {mask: {keep_last: 4}}}",
        entities="A: {class: low, action: allow}",
    )
    assert ask(clause, "A").treatment == {"A": HASH}


def test_eligibility_looks_at_the_entry_and_not_at_what_rules_treat() -> None:
    """A rule's redact doesn't make a masked entity lighter: its residual is still its class."""
    clause = policy(
        "id: t, treat: {A: redact}", entities="A: {class: high, action: {mask: {keep_last: 4}}}"
    )
    assert ask(clause, "A").rules == ("clearance",)


def test_a_waiver_lifts_a_treat() -> None:
    waiver = (
        "id: w, scope: {team: red}, waive: {rule: t, lifts: treat, to: {provider: out}},"
        " until: 2026-11-23, approved_by: [x, y]"
    )
    clause = policy("id: t, treat: {A: redact}", waiver, entities="A: {class: low, action: hash}")
    assert ask(clause, "A", provider="out").treatment == {}
    assert ask(clause, "A", provider="out").rules == ("all", "w")
    assert ask(clause, "A", provider="in").treatment == {"A": REDACT}


def test_a_label_can_only_tighten() -> None:
    clause = policy("id: no-ads, when: {labels: {purpose: [ads, sales]}}, block: {}")
    assert ask(clause).allowed
    assert ask(clause, purpose="care").allowed
    assert ask(clause, purpose="sales").rules == ("no-ads",)


def test_facts_that_were_hidden_do_not_count_as_absent() -> None:
    """A permit for requests without an entity is closed by it, hidden or not."""
    clause = parse(
        "policy: clause\nclasses: [low, high]\n"
        "default: {unclassified: high, entity: {class: high, action: redact}, hide: always}\n"
        "entities: {A: {class: low, action: redact}}\n"
        "providers: {out: {region: us, on_prem: false, clearance: high}}\n"
        "rules: [{id: p, when: {entities: {none_of: [A]}}, permit: {providers: out}}]\n",
        "clause.yaml",
    )
    assert ask(clause).allowed
    assert ask(clause, "B").treatment == {"B": REDACT}
    assert ask(clause, "A").rules == ("default-deny",)
