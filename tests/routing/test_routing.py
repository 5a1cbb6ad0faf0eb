"""Candidates as configured; providers that failed lately come last and never go missing."""

from __future__ import annotations

import pytest

from proxy.errors import NotFound
from proxy.exchange import Endpoint, Verdict
from proxy.routing import Catalogue, Health
from proxy.routing.health import COOL_DOWN_S

NEAR, FAR, SPARE = Endpoint("near", "llama"), Endpoint("far", "gpt"), Endpoint("spare", "gpt")
CATALOGUE = Catalogue({"house": (NEAR, FAR)})


def verdicts(*endpoints: Endpoint, refused: Endpoint | None = None) -> list[Verdict]:
    return [Verdict(each, each is not refused, ("general-use",)) for each in endpoints]


def order(health: Health, now: float, refused: Endpoint | None = None) -> list[str]:
    ranked = health.rank(verdicts(NEAR, FAR, SPARE, refused=refused), now)
    return [verdict.endpoint.provider for verdict in ranked]


def test_a_model_lists_its_endpoints_in_the_order_of_the_file() -> None:
    assert CATALOGUE.endpoints("house") == (NEAR, FAR)


@pytest.mark.parametrize("name", ["", "House", "house ", "gpt", "near"])
def test_an_unknown_model_is_not_found_and_not_quoted(name: str) -> None:
    with pytest.raises(NotFound) as caught:
        CATALOGUE.endpoints(name)
    assert (caught.value.status, caught.value.code) == (404, "model_not_found")
    assert name == "" or name not in caught.value.message.split()
    # The code of one error is not that of the family.
    assert NotFound.code == "not_found"


def test_any_other_model_goes_to_the_one_provider_that_takes_all() -> None:
    catalogue = Catalogue({"house": (NEAR,)}, any_model="far")
    assert catalogue.endpoints("gpt-9") == (Endpoint("far", "gpt-9"),)
    assert catalogue.endpoints("house") == (NEAR,)


def test_the_order_is_the_configured_one() -> None:
    assert order(Health(), now=0) == ["near", "far", "spare"]


def test_refused_endpoints_are_never_ranked() -> None:
    health = Health()
    health.failed("far", now=0)
    assert order(health, now=1, refused=NEAR) == ["spare", "far"]
    assert health.rank(verdicts(NEAR, refused=NEAR), now=1) == []


def test_a_failure_puts_a_provider_last_for_a_while() -> None:
    health = Health()
    health.failed("near", now=100)
    assert order(health, now=100) == ["far", "spare", "near"]
    assert order(health, now=100 + COOL_DOWN_S - 1) == ["far", "spare", "near"]
    assert order(health, now=100 + COOL_DOWN_S) == ["near", "far", "spare"]


def test_an_answer_forgives() -> None:
    health = Health()
    health.failed("near", now=100)
    health.answered("near")
    health.answered("far")
    assert order(health, now=101) == ["near", "far", "spare"]


def test_if_all_failed_the_configured_order_decides() -> None:
    health = Health()
    for provider in ("spare", "far", "near"):
        health.failed(provider, now=100)
    assert order(health, now=101) == ["near", "far", "spare"]
