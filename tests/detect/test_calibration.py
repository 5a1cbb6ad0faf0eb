"""Scores as probabilities: curves that never fall, thresholds that keep what they say."""

from __future__ import annotations

import json

import pytest

from proxy.detect.calibrating import curves_of, thresholds_of
from proxy.detect.calibration import TABLE, Calibration, rising, shipped
from proxy.detect.chunk import Chunk
from proxy.detect.documents import Document, Gold
from proxy.detect.engine import Engine
from proxy.detect.evaluation.measure import Judgement, judge
from proxy.detect.settings import DetectSettings
from proxy.exchange import Finding


def found(score: float, entity: str = "PERSON", recognizer: str = "Model") -> Finding:
    return Finding(entity, 0, 4, score, recognizer)


def judged(score: float, *, right: bool) -> Judgement:
    gold = (Gold(0, 4, "PERSON"),) if right else ()
    return judge(Document("d", "Anna rang", gold, "en", ""), [found(score)])


def test_a_curve_is_read_between_its_points() -> None:
    table = Calibration({"Model PERSON": [(0.4, 0.2), (0.8, 0.6)]})
    scores = [0.1, 0.4, 0.5, 0.8, 0.9]
    assert [one.score for score in scores if (one := table.of(found(score)))] == [
        0.2, 0.2, 0.3, 0.6, 0.6
    ]  # fmt: skip


def test_who_has_no_curve_keeps_its_scores() -> None:
    table = Calibration({"Model PERSON": [(0.4, 0.2)]}, {"PERSON": 0.9})
    for one in (found(0.5, "LOCATION"), found(0.5, recognizer="CustomerDictionary")):
        assert table.of(one) == one


def test_what_is_too_unlikely_is_no_finding() -> None:
    table = Calibration({"Model PERSON": [(0.4, 0.2), (0.8, 0.6)]}, {"PERSON": 0.3})
    assert table.of(found(0.4)) is None
    assert table.of(found(0.5)) == found(0.3)


@pytest.mark.parametrize(
    ("shares", "curve"),
    [
        ([0.1, 0.5, 0.9], [0.1, 0.5, 0.9]),
        ([0.5, 0.1, 0.9], [0.3, 0.3, 0.9]),
        ([0.9, 0.5, 0.1], [0.5, 0.5]),
        ([0.1, 0.9, 0.5, 0.7], [0.1, 0.7, 0.7]),
    ],
)
def test_a_curve_never_falls(shares: list[float], curve: list[float]) -> None:
    points = [(place / 10, share, 1.0) for place, share in enumerate(shares)]
    assert [share for _, share in rising(points)] == pytest.approx(curve)


def test_curves_say_how_often_findings_like_it_were_right() -> None:
    judgements = [judged(0.9, right=number % 10 < 9) for number in range(100)]
    judgements += [judged(0.5, right=number % 10 < 3) for number in range(100)]
    table = Calibration(curves_of(judgements))
    for score, share in ((0.9, 0.9), (0.5, 0.3)):
        likely = table.of(found(score))
        assert likely
        assert likely.score == pytest.approx(share, abs=0.01)


def test_a_threshold_keeps_what_it_says() -> None:
    judgements = [judged(0.9, right=number % 10 < 9) for number in range(200)]
    judgements += [judged(0.4, right=number == 0) for number in range(100)]
    (said,) = thresholds_of(judgements, judgements, Calibration({})).values()
    assert said["least"] == 0.9
    assert said["keeps"] == pytest.approx(180 / 181, abs=1e-4)
    assert said["precision"] == 0.9 > said["precision_before"]


def test_the_shipped_table_is_whole() -> None:
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    assert len(table["curves"]) > 20
    for name, curve in table["curves"].items():
        assert len(name.split(" ")) == 2
        assert curve == sorted(curve)
        assert [share for _, share in curve] == sorted(share for _, share in curve)
        assert all(0 <= number <= 1 for point in curve for number in point)
    assert all(one["off_after"] < one["off_before"] for one in table["made_from"])
    assert all(one["keeps"] >= 0.98 for one in table["thresholds"].values())


def test_what_is_reported_is_calibrated(engine: Engine) -> None:
    text = "I spoke to Anna Thompson yesterday; mail anna@example.org."
    (raw, said) = (
        each.analyse([(Chunk(text, 0, len(text), 0), True)])[0]
        for each in (Engine(DetectSettings(), Calibration({})), engine)
    )
    assert tuple(likely for one in raw if (likely := shipped().of(one))) == said != raw


def test_a_doubtful_name_counts_for_nothing_where_nothing_else_is_personal() -> None:
    table = Calibration({"SpacyRecognizer PERSON": [(0.5, 0.5), (0.9, 0.9)]})
    doubtful = found(0.5, recognizer="SpacyRecognizer")
    sure, told = found(0.9, recognizer="SpacyRecognizer"), found(0.5)
    phone = Finding("PHONE_NUMBER", 9, 12, 0.9, "Phone")
    place = Finding("LOCATION", 9, 12, 0.99, "SpacyRecognizer")
    assert table.all_of([doubtful], 400) == ()
    assert table.all_of([doubtful, place], 400) == (place,)
    assert table.all_of([doubtful], 200) == (doubtful,), "a short text says nothing by silence"
    for other in (sure, phone):
        assert table.all_of([doubtful, other], 400) == (doubtful, other)
    assert table.all_of([told], 400) == (told,), "said by a label, not guessed"
    assert Calibration({}).all_of([doubtful], 400) == (doubtful,), "scores as they are"


def test_the_engine_says_how_long_a_window_is(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Anna Thompson rang from Leeds."
    table = Calibration({})
    lengths: list[int] = []

    def none(findings: object, length: int) -> tuple[Finding, ...]:
        lengths.append(length)
        return ()

    monkeypatch.setattr(table, "all_of", none)
    monkeypatch.setattr(engine, "_calibration", table)
    assert engine.analyse([(Chunk(text, 0, len(text), 0), True)]) == [()]
    assert lengths == [len(text)]
