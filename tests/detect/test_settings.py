"""Settings travel whole, and change the digest whenever they change what is found."""

from dataclasses import replace

import pytest

from proxy.detect.engine import Engine
from proxy.detect.produced import ModelMissingError, produced_entities
from proxy.detect.settings import DetectSettings


def test_settings_travel_whole() -> None:
    settings = DetectSettings(model="x", chunk_chars=9, disabled=("A", "B"))
    assert DetectSettings.from_json(settings.to_json()) == settings


@pytest.mark.parametrize(
    "change",
    [
        {"model": "other"},
        {"language": "de"},
        {"chunk_chars": 1_000},
        {"min_score": 0.5},
        {"disabled": ("Phone",)},
    ],
)
def test_what_changes_findings_changes_the_digest(change: dict[str, object]) -> None:
    assert replace(DetectSettings(), **change).digest != DetectSettings().digest  # type: ignore[arg-type]


def test_what_does_not_change_findings_keeps_the_digest() -> None:
    assert replace(DetectSettings(), processes=4, deadline_s=1.0).digest == DetectSettings().digest


def test_a_missing_model_is_said_and_never_downloaded() -> None:
    with pytest.raises(ModelMissingError):
        Engine(DetectSettings(model="en_core_web_lg"))


def test_an_unknown_recognizer_is_an_error() -> None:
    with pytest.raises(ValueError, match="NoSuchRecognizer"):
        Engine(DetectSettings(disabled=("NoSuchRecognizer",)))


def test_a_disabled_recognizer_is_gone() -> None:
    assert "PHONE_NUMBER" not in Engine(DetectSettings(disabled=("Phone",))).produced


def test_what_is_produced_is_told_without_loading_a_model(engine: Engine) -> None:
    assert produced_entities(DetectSettings()) == engine.produced
    without = produced_entities(DetectSettings(disabled=("DateOfBirthRecognizer",)))
    assert engine.produced - without == {"DATE_OF_BIRTH"}
