"""Explanations and refusals: every rule has its line, and the words tell what would help."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

from proxy.exchange import Endpoint, Facts, Principal
from proxy.policy.decide import decide
from proxy.policy.explain import explain, render_explanation
from proxy.policy.load import load

ACME = load(Path(__file__).parent / "acme.yaml")
TODAY = date(2026, 11, 23)
DESK = Principal(tenant="acme", team="fraud", app="case-review")
CHAT = Principal(tenant="acme", team="sales", app="chat")
OPENAI = Endpoint("openai-us", "gpt")
AZURE = Endpoint("azure-eu", "gpt")


def facts(*entities: str) -> Facts:
    return Facts(frozenset(entities))


def test_a_terminal_page() -> None:
    explanation = explain(ACME, facts("IBAN_CODE", "LOCATION"), DESK, [AZURE, OPENAI], TODAY)
    text = render_explanation(replace(explanation, digest="0123456789abcdef"))
    assert (
        text
        == """\
policy acme/2026-11 (0123456789ab)
class of the request: restricted
  IBAN_CODE: restricted, internal once hidden; mask, keep last 4; hide off_premises
  LOCATION: internal, public once hidden; placeholder; hide above_clearance

azure-eu gpt: allowed
  IBAN_CODE: mask, keep last 4
  LOCATION: shown
  - fraud-desk-us         only for openai-us
  * general-use           permits
  - health-needs-baa      none of MEDICAL_RECORD was found; met: a provider with certs all of \
hipaa-baa
  - ibans-stay-in-the-eu  met: a provider with region eu
  - no-card-numbers       none of CREDIT_CARD was found

openai-us gpt: allowed
  IBAN_CODE: mask, keep last 4
  LOCATION: shown
  * fraud-desk-us         lifts ibans-stay-in-the-eu until 2027-01-31 (ciso@acme, dpo@acme)
  * general-use           permits
  - health-needs-baa      none of MEDICAL_RECORD was found
  - ibans-stay-in-the-eu  lifted by fraud-desk-us
  - no-card-numbers       none of CREDIT_CARD was found
"""
    )


def test_a_refusal_names_rule_class_and_what_would_help() -> None:
    verdict = decide(ACME, facts("IBAN_CODE"), CHAT, OPENAI, TODAY)
    assert verdict.message == (
        "openai-us may not receive this request:"
        " a provider with region eu is required [ibans-stay-in-the-eu]."
    )
    assert verdict.hint == (
        "use a model of azure-eu or vllm-frankfurt, or get an approved waiver of"
        " ibans-stay-in-the-eu"
    )
    opaque = decide(ACME, Facts(opaque=frozenset({"image"})), CHAT, OPENAI, TODAY)
    assert opaque.message == (
        "openai-us may not receive this request:"
        " content that can't be read (image) counts as restricted [unclassified]."
    )
    assert opaque.hint == "send text, or use a model of vllm-frankfurt"
    blocked = decide(ACME, facts("CREDIT_CARD"), CHAT, AZURE, TODAY)
    assert "Use the vault reference instead (PCI DSS 3.4) [no-card-numbers]" in blocked.message


def test_an_allowed_endpoint_names_the_permits_and_waivers_that_decided() -> None:
    assert decide(ACME, facts("IBAN_CODE"), DESK, OPENAI, TODAY).rules == (
        "fraud-desk-us",
        "general-use",
    )
    # Open, but nothing to lift: it decided nothing.
    assert decide(ACME, facts("PERSON"), DESK, OPENAI, TODAY).rules == ("general-use",)


def test_says_why_a_rule_does_nothing() -> None:
    def note(rule: str, principal: Principal, on: date) -> str:
        explanation = explain(ACME, facts("IBAN_CODE"), principal, [OPENAI], on)
        return next(n.note for n in explanation.endpoints[0].rules if n.rule == rule)

    assert note("fraud-desk-us", CHAT, TODAY) == "only for team fraud; only for app case-review"
    assert note("fraud-desk-us", DESK, date(2027, 2, 1)) == "ended on 2027-01-31"
    assert note("fraud-desk-us", CHAT, date(2027, 2, 1)) == (
        "only for team fraud; only for app case-review; ended on 2027-01-31"
    )
    assert (
        note("ibans-stay-in-the-eu", CHAT, TODAY)
        == "refuses: a provider with region eu is required"
    )


def test_json_form() -> None:
    explanation = explain(ACME, facts("CREDIT_CARD", "NEW_THING"), CHAT, [OPENAI], TODAY)
    data = json.loads(json.dumps(explanation.as_dict()))
    assert data["class"] == "restricted"
    assert [e["by_default"] for e in data["entities"]] == [False, True]
    (endpoint,) = data["endpoints"]
    assert (endpoint["allowed"], endpoint["rules"]) == (False, ["no-card-numbers"])
    assert {r["rule"] for r in endpoint["considered"]} == {
        "fraud-desk-us",
        "general-use",
        "health-needs-baa",
        "ibans-stay-in-the-eu",
        "no-card-numbers",
    }


def test_the_requests_class_is_the_highest_of_all() -> None:
    assert ACME.classify(Facts()) == "public"
    assert ACME.classify(facts("LOCATION")) == "internal"
    assert ACME.classify(facts("LOCATION", "PERSON")) == "confidential"
    assert ACME.classify(facts("LOCATION", "PERSON", "DATE_OF_BIRTH")) == "restricted"
    assert ACME.classify(facts("NEW_THING")) == "restricted"
    assert ACME.classify(Facts(opaque=frozenset({"image"}))) == "restricted"
    assert ACME.classify(Facts(labels={"class": "internal"})) == "internal"
    assert ACME.classify(Facts(labels={"class": "unheard-of"})) == "restricted"
