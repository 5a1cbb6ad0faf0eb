"""Each part's language, and what isn't looked for in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from proxy.detect.chunk import Chunk
from proxy.detect.engine import Engine
from proxy.detect.languages import NAMES, Languages, coverage
from proxy.detect.names.language import READ, clear_language_of
from proxy.detect.settings import DetectSettings
from proxy.exchange import Reach, TextPart
from tests.corpora.load import load

SAID = {
    "en": "Could you please send the contract to our office by Friday?",
    "de": "Bitte senden Sie den Vertrag bis Freitag an unser Büro, es ist sehr wichtig.",
    "fr": "Je vous prie de nous envoyer le contrat avant la fin de la semaine.",
    "es": "Por favor, envíe el contrato a la oficina antes del viernes.",
    "pl": "Proszę o przesłanie umowy do biura, jest ona dla nas ważna.",
    "sv": "Kan du skicka avtalet till kontoret? Det är viktigt för oss att det kommer fram.",
    "tr": "Merhaba, bu sözleşmeyi lütfen ofise gönderin, çok teşekkür ederim ve iyi günler.",
    "cs": "Prosím, pošlete smlouvu do kanceláře, která je pro nás také důležitá, děkuji.",
    "ru": "Пожалуйста, отправьте договор Ивану Петрову до пятницы.",
    "el": "Παρακαλώ στείλτε το συμβόλαιο στο γραφείο.",
    "ja": "契約書を田中さんに送ってください。",
    "zh": "请把合同发给王小明先生,谢谢。",
    "ar": "يرجى إرسال العقد إلى المكتب قبل يوم الجمعة",
}


def part(text: str, reach: Reach = Reach.FULL) -> TextPart:
    return TextPart(("x",), text, reach=reach)


@pytest.mark.parametrize("language", SAID)
def test_a_sentence_says_its_language(language: str) -> None:
    assert clear_language_of(SAID[language]) == language


@pytest.mark.parametrize("text", ["Anna Schmidt", "OK!", "1, 2, 3", "x = f(y)", "", "Привет"])
def test_a_short_text_says_nothing(text: str) -> None:
    assert clear_language_of(text) == ""


def test_what_doesnt_say_takes_the_language_before_it() -> None:
    languages = Languages("en")
    parts = [part("Huber"), part(SAID["de"]), part("Danke, Huber"), part("id-1", Reach.PATTERNS)]
    assert languages.of(parts) == ("en", "de", "de", "de")
    longer = [*parts, part(SAID["pl"]), part("Kowalska")]
    assert languages.of(longer) == ("en", "de", "de", "de", "pl", "pl"), "and earlier ones keep it"
    assert languages.of([part("Huber")], said="fr") == ("fr",)
    assert languages.of([part(SAID["de"])], said="fr") == ("de",)


def test_a_letter_under_an_english_salutation_is_no_english_letter() -> None:
    letter = SAID["en"] * 40 + SAID["ru"] * 30
    assert Languages("en").of([part(letter)]) == ("ru",)


def test_coverage_is_what_the_tier_can_read() -> None:
    fast, balanced = DetectSettings(tier="fast"), DetectSettings()

    def missing(language: str, settings: DetectSettings) -> frozenset[str]:
        return coverage(part("x"), language, settings).missing

    for language in READ:
        assert not missing("en", fast)
        assert "PERSON" not in missing(language, balanced)
        assert language == "en" or missing(language, fast) == NAMES
    assert missing("sv", balanced) == missing("ru", balanced) == NAMES
    assert coverage(part("7", Reach.PATTERNS), "ru", balanced).names, "ids have no names to miss"
    assert "not looked for: LOCATION, NRP" in coverage(part("x"), "ru", balanced).sentence()


def test_every_prompt_of_the_corpora_is_covered() -> None:
    languages = Languages("en")
    for document in load():
        if document.lang in READ:
            (language,) = languages.of([part(document.text)])
            assert language in READ, document.text


def test_a_short_text_is_read_in_the_language_around_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    names = engine._names

    def note(way: str) -> Callable[..., object]:
        kept = getattr(names, way)
        return lambda window, *bars: (read.append(way), kept(window, *bars))[1]

    for way in ("_foreign", "_english"):
        monkeypatch.setattr(names, way, note(way))
    text = "Danke, Frau Huber!"
    for language in ("en", "de"):
        engine.analyse([(Chunk(text, 0, len(text), 0, language), True)])
    assert read == ["_english", "_foreign"]
