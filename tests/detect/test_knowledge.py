"""What a customer knows: strict files, terms and patterns that are found, patterns that can't freeze."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from proxy.detect.detector import Detector
from proxy.detect.knowledge.read import FIGURES, Knowledge, load
from proxy.detect.knowledge.regex import Bounded, PatternTooSlowError
from proxy.detect.knowledge.trial import differences
from proxy.detect.recognizers.customer import CustomerDictionary, taught_recognizers
from proxy.detect.settings import DetectSettings
from proxy.detect.sweep import load_lexicon
from proxy.exchange import Finding, TextPart
from proxy.spelling import Lexicon
from proxy.yaml_file import ConfigError

WHOLE = """\
dictionaries:
  - {entity: PROJECT_NAME, terms: [Blue Heron, Nightjar]}
  - {entity: PERSON, file: staff.txt}
  - {entity: CODE_WORD, terms: [ZX-Alpha], case: exact}
patterns:
  - name: badge
    entity: BADGE
    regex: '(?<![A-Z])BX-\\d{6}(?!\\d)'
    should_match: [badge BX-123456 was found]
    should_not_match: [BX-12, ABX-123456]
  - name: locker
    entity: LOCKER
    regex: '\\b[A-F]\\d{2}\\b'
    score: 0.2
    context: [locker, Spind]
    should_match: [locker B12]
    should_not_match: [locker 12]
context: {US_BANK_NUMBER: [treasury account]}
allow:
  - {entities: [PERSON], terms: [Ann Support]}
tests:
  - {text: Ask about Nightjar., finds: {PROJECT_NAME: [Nightjar]}}
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a knowledge file and the dictionary beside it."""

    def write(text: str, staff: str = "# staff\nRunar Þórsson\nMark\n") -> Path:
        (tmp_path / "staff.txt").write_text(staff, encoding="utf-8")
        (tmp_path / "knowledge.yaml").write_text(text, encoding="utf-8")
        return tmp_path / "knowledge.yaml"

    return write


def found(knowledge: Knowledge, text: str) -> list[tuple[str, str]]:
    """What the customer's own recognizers say, without a model."""
    return [
        (result.entity_type, text[result.start : result.end])
        for recognizer in taught_recognizers(json.loads(knowledge.taught), load_lexicon(), "en")
        for result in recognizer.analyze(text, recognizer.supported_entities, None)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Blue Heron ships in May", [("PROJECT_NAME", "Blue Heron")]),
        ("the BLUE\u00a0 HERON budget", [("PROJECT_NAME", "BLUE\u00a0 HERON")]),
        ("nightjar's plan", [("PROJECT_NAME", "nightjar")]),
        ("nightjars fly, MyNightjar too", []),
        ("ask runar þórsson", [("PERSON", "runar þórsson")]),
        ("ask Mark or MARK to mark it", [("PERSON", "Mark"), ("PERSON", "MARK")]),
        ("ZX-Alpha, zx-alpha", [("CODE_WORD", "ZX-Alpha")]),
        ("night\u00adjar", [("PROJECT_NAME", "night\u00adjar")]),
        ("badge BX-123456", [("BADGE", "BX-123456")]),
        ("ABX-123456 BX-1234567", []),
    ],
)
def test_terms_and_patterns(write: Write, text: str, expected: list[tuple[str, str]]) -> None:
    assert found(load([write(WHOLE)]), text) == expected


def test_what_is_known_counts_as_produced_and_changes_the_digest(write: Write) -> None:
    knowledge = load([write(WHOLE)])
    assert knowledge.entities == {"PROJECT_NAME", "PERSON", "CODE_WORD", "BADGE", "LOCKER"}
    changed = load([write(WHOLE.replace("Nightjar", "Nightowl"))])
    assert knowledge.digest != changed.digest != Knowledge().digest


@pytest.mark.parametrize(
    ("old", "new", "place", "said"),
    [
        ("terms: [Blue Heron, Nightjar]", "term: [a]", "2:28", "did you mean 'terms'?"),
        ("file: staff.txt", "file: staf.txt", "3:28", "staf.txt: No such file"),
        ("Nightjar]}", "ab]}", "2:48", "too short"),
        ("(?<![A-Z])BX", "BX", "10:31", "badge matches 'ABX-123456'"),
        ("badge BX-123456 was", "badge BX-12345 was", "9:20", "badge doesn't match"),
        ("BX-\\d{6}(?!\\d)", "BX-\\d+", "8:12", "bound repetitions"),
        ("BX-\\d{6}(?!\\d)", "BX-(?=.*!)\\d{6}", "8:12", "bound repetitions"),
        ("BX-\\d{6}(?!\\d)", "(?:\\d{1,9}){1,20}Q", "8:12", "takes too long"),
        ("BX-\\d{6}(?!\\d)", "(\\d)\\1", "8:12", "references to groups"),
        ("BX-\\d{6}(?!\\d)", "\\d{0,4}", "8:12", "matches nothing at all"),
        ("BX-\\d{6}(?!\\d)", "BX-(\\d", "8:12", "not a regular expression"),
        ("BX-\\d{6}(?!\\d)", "(?i)BX", "8:12", "use ignore_case"),
        ("BX-\\d{6}(?!\\d)", "\\p{Lu}BX", "8:12", "not a regular expression"),
        ("should_not_match: [locker 12]", "# none", "11:5", "'should_not_match' is missing"),
        ("finds: {PROJECT_NAME: [Nightjar]}", "finds: {X: [Nowhere]}", "22:5", "doesn't stand in"),
        ("entities: [PERSON]", "entities: [person]", "20:17", "pattern"),
    ],
)
def test_a_wrong_file_says_where_and_why(
    write: Write, old: str, new: str, place: str, said: str
) -> None:
    assert old in WHOLE
    text = WHOLE.replace("(?<![A-Z])", "", 1) if "BX-\\d{6}" in old else WHOLE
    path = write(text.replace(old, new, 1))
    with pytest.raises(ConfigError) as failure:
        load([path])
    assert f"knowledge.yaml:{place}: " in str(failure.value)
    assert said in str(failure.value)


def test_a_wrong_line_of_a_dictionary_says_where(write: Write) -> None:
    path = write(WHOLE, staff="Ann Lee\n\nx\n" + "y" * 201 + "\n")
    with pytest.raises(ConfigError) as failure:
        load([path])
    assert [(Path(p.file).name, p.line) for p in failure.value.problems] == [
        ("staff.txt", 3),
        ("staff.txt", 4),
    ]


def test_a_pattern_that_is_slow_after_all_ends_with_an_error() -> None:
    slow = Bounded(r"(?:a|aa){1,90}Q", ignore_case=False)
    with pytest.raises(PatternTooSlowError):
        list(slow.finditer("a" * 2_000 + " Q"))


def test_hundreds_of_thousands_of_terms_are_one_block() -> None:
    """No object is kept for a term, and every one is found."""
    terms = [f"staff{number:06d} name" for number in range(50_000)]
    said = [{"entity": "PERSON", "score": 0.9, "exact": False, "terms": terms}]
    recognizer = CustomerDictionary(said, Lexicon(), "en")
    assert all(isinstance(value, int) for value in recognizer._terms._folded.values())
    text = " and ".join(terms[::1_000])
    results = recognizer.analyze(text, ["PERSON"], None)
    assert [text[one.start : one.end] for one in results] == terms[::1_000]


def case(text: str, **said: object) -> str:
    return json.dumps({"text": text, **said})


def test_differences_are_said_in_words(write: Write) -> None:
    tests = [
        case("Ann Lee knows", finds={"PERSON": ["Ann Lee"], "BADGE": ["knows"]}),
        case("Ann Lee knows", shows=["Ann Lee"]),
        case("Ann Lee knows", leaves=["Ann"]),
        case("Ann Lee knows", leaves=["knows"]),
    ]
    said = "tests:\n" + "".join(f"  - {one}\n" for one in tests)
    knowledge = load([write(said)])
    findings = [Finding("PERSON", 0, 7, 0.85, "Model")]
    told = [differences(one.form, findings) for one in knowledge.tests]
    assert told == [
        ["'knows' isn't found as BADGE: nothing is found there"],
        ["'Ann Lee' isn't shown: PERSON 0.85 by Model"],
        ["'Ann' isn't left alone: PERSON 0.85 by Model"],
        [],
    ]
    marked = [Finding("PERSON", 0, 7, 0.85, "Model", shown=True)]
    assert differences(knowledge.tests[1].form, marked) == []
    (one, _) = differences(knowledge.tests[0].form, marked)
    assert one == "'Ann Lee' isn't found as PERSON: an allow list shows it"


async def test_a_detector_learns_while_it_runs(write: Write) -> None:
    """The next text is read with the new knowledge, and what was found before is forgotten."""
    text = TextPart(
        ("x",),
        "Is Nightjar late? See locker B12, and the old blue folder that stands on top of shelf C14.",
    )

    async def entities(detector: Detector) -> set[tuple[str, str]]:
        ((*findings,),) = await detector.detect("acme", [text])
        return {(one.entity, text.text[one.start : one.end]) for one in findings}

    first = load([write(WHOLE)])
    detector = Detector(DetectSettings(tier="fast"), bytes(32), first)
    await detector.start()
    try:
        assert {"PROJECT_NAME", "BADGE"} <= detector.produced
        known = await entities(detector)
        assert {("PROJECT_NAME", "Nightjar"), ("LOCKER", "B12")} <= known
        assert ("LOCKER", "C14") not in known, "its score counts only behind a context word"
        detector.learn(load([write(WHOLE.replace("Nightjar", "Nightowl"))]))
        assert ("PROJECT_NAME", "Nightjar") not in await entities(detector)
        detector.learn(first)
        assert await entities(detector) == known
    finally:
        await detector.stop()


def test_the_shipped_figures_are_usable(write: Write) -> None:
    knowledge = load([write("public_figures: [{shipped: true}]\n")])
    lines = [line for line in FIGURES.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    assert len(knowledge.allow.figures) == len(lines) > 200
    assert "angela merkel" in knowledge.allow.figures
