"""A few hundred of the texts of `make fuzz`: no crash, no offset out of place, every value found."""

from __future__ import annotations

import pytest

from proxy.detect.engine import Engine
from proxy.exchange import Finding
from tests.fuzz import campaign
from tests.fuzz.campaign import Tally, covered, run
from tests.fuzz.mutations import MUTATIONS, VALUES, Planted, planted

SEED, TEXTS = 7, 400


def test_planted_values_are_found_however_they_are_written(engine: Engine) -> None:
    *_, tally = run(engine, SEED, range(TEXTS))
    assert tally.texts == TEXTS
    assert not tally.wrong
    assert {how for how, _ in tally.planted} >= MUTATIONS.keys()
    assert {kind for _, kind in tally.planted} == VALUES.keys()
    missed = [one.text for ones in tally.examples.values() for one in ones]
    assert not missed
    assert tally.exact.total() > 0.9 * TEXTS


def test_the_campaign_sees_what_it_looks_for(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash, a finding out of place and a miss are each counted."""

    def tallied(answer: list[Finding] | Exception) -> Tally:
        def found(*_: object, **__: object) -> list[Finding]:
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(campaign, "_found", found)
        (tally,) = run(engine, SEED, [0])
        return tally

    assert tallied(TimeoutError()).wrong == ["7/0: TimeoutError"]
    assert tallied([Finding("X", 5, 10**6, 1.0, "r")]).wrong == ["7/0: X out of place"]
    one = planted(SEED, 0)
    entity = VALUES[one.kind].entity
    assert tallied([Finding(entity, 0, len(one.text), 1.0, "r")]).wrong == [
        f"7/0: {entity} sticks out of the value"
    ]
    assert tallied([Finding(entity, one.start, one.end, 1.0, "r")]).exact.total() == 1
    assert tallied([]).missed.total() == 1


def test_a_text_follows_from_its_number_alone() -> None:
    assert planted(1, 5) == planted(1, 5) != planted(1, 6)


def test_covered_is_every_letter_and_digit() -> None:
    one = Planted("id 12-34 ok", 3, 8, "id", "plain")
    assert covered(one, [Finding("A", 3, 5, 1.0, "r"), Finding("B", 6, 8, 1.0, "r")])
    assert not covered(one, [Finding("A", 3, 7, 1.0, "r")])


def test_a_name_ends_with_its_cell(engine: Engine) -> None:
    """Text 2/58867 of the campaign: a model took the next cell for a part of the name."""
    (tally,) = run(engine, 2, [58_867])
    assert not tally.wrong
    assert not tally.missed
