"""Lint: each warning for the one change of the sample that deserves it, and none otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from proxy.policy.diff import compare
from proxy.policy.idle import Idle
from proxy.policy.lint import NOTES, WARNINGS, lint
from proxy.policy.load import parse
from proxy.policy.lookup import Lookup
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
    """The errors and warnings; notes stand apart."""
    return [p for p in told(folder, text, produced, on) if p.code not in NOTES]


def told(
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
    problems = told(tmp_path, ACME, SAMPLE - {"EMAIL_ADDRESS"} | {"URL"})
    assert [(p.code, p.line) for p in problems] == [
        ("entity-by-default", 2),
        ("no-recognizer", 6),
        ("attribute-unused", 15),  # retention
        ("attribute-unused", 15),  # trains
        ("key-idle", 17),  # openai-us has a certificate that no rule asks for
    ]


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


AGAIN = """\
  - id: again
    scope: {team: x}
    when: {entities: {any_of: [CREDIT_CARD]}}
    treat: {MEDICAL_RECORD: block}
"""
#: What is changed in the sample, and what then changes no decision; where it points to.
IDLE = [
    # The class refuses it before the rule does.
    (
        "CREDIT_CARD:   {class: restricted,   action: redact}",
        "CREDIT_CARD:   {class: restricted,   action: block, hide: always}",
        ("rule-idle", "no-card-numbers"),
    ),
    # Off premises or always: the rule refuses it everywhere.
    (
        "CREDIT_CARD:   {class: restricted,   action: redact}",
        "CREDIT_CARD:   {class: restricted,   action: redact, hide: always}",
        ("key-idle", "hide"),
    ),
    # No provider's clearance lies between the two.
    (
        "EMAIL_ADDRESS: {class: confidential, action: placeholder,",
        "EMAIL_ADDRESS: {class: confidential, action: placeholder, residual: internal,",
        ("key-idle", "residual"),
    ),
    ("rules:\n", "labels: {purpose: {values: [care]}}\nrules:\n", ("attribute-unused", "purpose")),
    ("retention: none", "retention: 30d", ("attribute-unused", "retention")),
    # Each answer is recorded as metadata anyway.
    (
        "rules:\n",
        "audit: {keep: masked}\nrules:\n  - {id: k, keep: metadata}\n",
        ("key-idle", "keep"),
    ),
    ("rules:\n", "restore: {hosts: []}\nrules:\n", ("key-idle", "hosts")),
    ("rules:\n", "restore: {tools: {}}\nrules:\n", ("key-idle", "tools")),
    ("escalate:\n", "labels: {}\nescalate:\n", ("key-idle", "labels")),
    # It does what default.entity does.
    (
        "entities:\n",
        "entities:\n  URL: {class: restricted, action: placeholder}\n",
        ("key-idle", "URL"),
    ),
    # Of all that is asked of azure-eu nothing can be met.
    (
        "rules:\n",
        "rules:\n  - {id: closed, require: {provider: {names: [openai-us]}}}\n",
        ("provider-refused", "azure-eu"),
    ),
    # It is refused anyway, from whatever score on it is found.
    (
        "EMAIL_ADDRESS: {class: confidential, action: placeholder,",
        "EMAIL_ADDRESS: {class: public, action: allow,",
        ("key-idle", "min_score"),
    ),
    (
        "EMAIL_ADDRESS: {class: confidential, action: placeholder, min_score: 0.5}",
        "EMAIL_ADDRESS: {class: confidential, action: hash, languages: {de: {action: hash}}}",
        ("key-idle", "action: hash}}"),
    ),
    # Whoever it is for, it does the same as the rule that is for all.
    (
        "when: {entities: {any_of: [IBAN_CODE]}}",
        "when: {entities: {any_of: [IBAN_CODE], all_of: [IBAN_CODE]}}",
        ("key-idle", "all_of"),
    ),
    (
        "require: {provider: {certs: {all_of: [hipaa-baa]}}}",
        "require: {provider: {certs: {all_of: [hipaa-baa], any_of: [hipaa-baa, soc2]}}}",
        ("key-idle", "any_of"),
    ),
    ("default: {", "default: {opaque: {image: restricted}, ", ("key-idle", "image")),
    (
        "rules:\n",
        "restore: {tools: {search: never, any: never}}\nrules:\n",
        ("key-idle", "search"),
    ),
    (
        "escalate:\n",
        "escalate:\n  - {all_of: [CREDIT_CARD], class: restricted}\n",
        ("escalation-idle", "{all_of: [CREDIT_CARD]"),
    ),
    ("rules:\n", "rules:\n  - {id: k, keep: full}\n", ("rule-idle", "k")),
    # A treat that does no more than the entity's own action.
    (
        "rules:\n",
        "rules:\n" + AGAIN,
        ("rule-shadowed", "again"),
    ),
]


@pytest.mark.parametrize(("old", "new", "said"), IDLE)
def test_what_changes_no_decision_is_told(
    tmp_path: Path, old: str, new: str, said: tuple[str, str]
) -> None:
    assert old in ACME
    text = ACME.replace(old, new, 1)
    found = {
        (p.code, text.splitlines()[p.line - 1][p.column - 1 :].startswith(said[1]))
        for p in told(tmp_path, text)
    }
    assert (said[0], True) in found, found


@pytest.mark.parametrize(("action", "idle"), [("leave", True), ("mask", False)])
def test_a_score_counts_where_a_rule_asks_what_the_model_writes(
    tmp_path: Path, action: str, idle: bool
) -> None:
    """Shown or not is all the same here; from which score on it is masked in an answer isn't."""
    text = ACME.replace("EMAIL_ADDRESS: {class: confidential", "EMAIL_ADDRESS: {class: public")
    text = text.replace("action: placeholder, min_score", "action: allow, min_score")
    text += f"  - {{id: o, output: {{EMAIL_ADDRESS: {action}}}}}\n"
    notes = [p.message for p in told(tmp_path, text) if p.code == "key-idle"]
    assert ("EMAIL_ADDRESS: min_score changes no decision" in notes) is idle


def test_keys_of_a_shadow_count_if_they_would_in_force(tmp_path: Path) -> None:
    """A certificate for which only a shadow asks is no idle key; one that it asks in vain is."""
    rule = "  - {id: s, shadow: true, require: {provider: {certs: {any_of: [soc2]}}}}\n"
    notes = [p.message for p in told(tmp_path, ACME) if "certs" in p.message]
    assert notes == ["openai-us: certs changes no decision"]
    assert not [p for p in told(tmp_path, ACME + rule) if "certs" in p.message]
    # Each of the two asks for soc2, and the other rule does besides.
    twice = rule.replace("s, shadow", "t, shadow").replace("[soc2]}", "[soc2, a], all_of: [soc2]}")
    of_both = [p.message for p in told(tmp_path, ACME + rule + twice) if "t: " in p.message]
    keys = "require.provider.certs.all_of, require.provider.certs.any_of"
    assert of_both == [f"t: {keys} each change no decision"]


def test_a_rule_that_decides_anything_is_not_idle(tmp_path: Path) -> None:
    """Each rule of the sample, left out, changes some decision; so none is told."""
    policy = parse(ACME, "acme.yaml")
    assert list(Idle(policy, TODAY).rules()) == []
    for rule in policy.restrictions:
        rest = tuple(r for r in policy.restrictions if r is not rule)
        waivers = tuple(w for w in policy.waivers if w.rule != rule.id)
        lookups = {n: Lookup(n, policy.permits, rest, waivers) for n in policy.providers}
        without = replace(policy, restrictions=rest, waivers=waivers, lookups=lookups)
        assert compare(policy, without, TODAY).flows


#: What is changed in the sample, and what is said of a value that loads and isn't what was meant.
ODD_VALUES = [
    (
        "require: {provider: {region: eu}}",
        "require: {provider: {region: eu-west}}",
        "warning: no provider has region 'eu-west' (known: eu, us)",
    ),
    (
        "certs: {all_of: [hipaa-baa]}",
        "certs: {all_of: [hippa-baa]}",
        "warning: no provider has certs 'hippa-baa' (did you mean 'hipaa-baa'?)",
    ),
    (
        "require: {provider: {region: eu}}",
        "require: {provider: {region: [eu, ch]}}",
        "note: no provider has region 'ch' ()",
    ),
    (
        "require: {provider: {region: eu}}",
        "require: {provider: {region: us, on_prem: true}}",
        (
            "warning: rule ibans-stay-in-the-eu: no provider meets it, so it refuses whatever it matches"
            " (if that is meant, a `block` says so)"
        ),
    ),
    (
        "scope: {team: fraud",
        "scope: {team: fraud-*",
        "warning: team 'fraud-*' is compared as it is: '*' and '?' mean themselves (list the names)",
    ),
    (
        "certs: [soc2],",
        "certs: [soc2], attested: {day: 2027-01-01, by: jo},",
        (
            "warning: openai-us is attested on 2027-01-01, which is yet to come"
            " (write the day it was done)"
        ),
    ),
]


@pytest.mark.parametrize(("old", "new", "said"), ODD_VALUES)
def test_a_value_that_is_hardly_meant_is_told(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in ACME
    words = {True: "warning", False: "note"}
    found = [
        f"{words[p.code in WARNINGS]}: {p.message} ({p.hint})"
        for p in told(tmp_path, ACME.replace(old, new, 1))
    ]
    assert said in found


def test_a_bundle_is_not_linted_as_a_policy(tmp_path: Path) -> None:
    (problem,) = told(tmp_path, '{"payload": "", "payloadType": "x", "signatures": []}')
    assert (problem.code, problem.message) == ("bundle", "this is a signed bundle")
