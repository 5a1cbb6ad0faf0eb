"""Scoring: what counts as found, as right, as hidden, and what isn't judged."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from proxy.detect.documents import Document, Gold, read
from proxy.detect.evaluation.html import page
from proxy.detect.evaluation.labels import counts, entity_of, judged
from proxy.detect.evaluation.measure import Judgement, judge
from proxy.detect.evaluation.report import Run, Section, as_dict, as_text
from proxy.detect.evaluation.tally import (
    Likelihood,
    calibration_error,
    quiet,
    reliability,
    tally,
    tally_by_entity,
)
from proxy.exchange import Finding
from proxy.yaml_file import ConfigError
from tests.corpora import load as corpora

EVERYTHING = frozenset[str]()


def judgement(
    text: str,
    gold: list[tuple[str, str]],
    found: list[tuple[str, str]],
    *,
    src: str = "",
    only: frozenset[str] = EVERYTHING,
) -> Judgement:
    """Judge spans that are given as (label, the text they cover)."""
    marked = tuple(Gold(text.index(v), text.index(v) + len(v), label) for label, v in gold)
    findings = [
        Finding(entity, text.index(v), text.index(v) + len(v), 0.85, "Test") for entity, v in found
    ]
    return judge(Document("d", text, marked, "en", src), findings, only)


def test_half_an_overlap_is_enough_and_less_is_not() -> None:
    name = "abcdefghijklmnopqrst"
    text = f"{name} uvwxy"
    exactly_half = judgement(text, [("PERSON", name)], [("PERSON", name[10:])])
    assert exactly_half.gold[0].found
    assert exactly_half.findings[0].right
    less = judgement(text, [("PERSON", name)], [("PERSON", name[11:])])
    assert not less.gold[0].found
    assert not less.findings[0].right
    assert less.gold[0].hidden == 9
    too_long = judgement(text, [("PERSON", "uvwxy")], [("PERSON", text)])
    assert not too_long.gold[0].found, "union counts, not only what was covered"
    assert too_long.hidden_chars == too_long.gold_chars == 5


def test_a_wrong_type_is_a_miss_and_a_false_alarm_but_hides() -> None:
    both = judgement("Ask Anna.", [("PERSON", "Anna")], [("LOCATION", "Anna")])
    total = tally([both])
    assert (total.precision, total.recall, total.f(1), total.f(2)) == (0, 0, 0, 0)
    assert (total.char_recall, total.char_precision) == (1, 1)
    assert both.gold[0].seen == ("LOCATION",)
    assert both.findings[0].beside == ("PERSON",)


def test_the_ratios_of_a_hand_counted_example() -> None:
    text = "Anna and Bob met Carla in Rome on Monday."
    one = judgement(
        text,
        [("PER", "Anna"), ("PER", "Bob"), ("PER", "Carla"), ("GPE", "Rome")],
        [("PERSON", "Anna"), ("PERSON", "Bob"), ("DATE_TIME", "Monday"), ("LOCATION", "Rome")],
    )
    total = tally([one])
    assert total.precision == 3 / 4
    assert total.recall == 3 / 4
    assert total.f(2) == pytest.approx(0.75)
    assert total.char_recall == (4 + 3 + 4) / (4 + 3 + 5 + 4)
    assert total.char_precision == (4 + 3 + 4) / (4 + 3 + 4 + 6)
    by_entity = tally_by_entity([one])
    assert list(by_entity) == ["PERSON", "LOCATION", "DATE_TIME"]
    assert by_entity["PERSON"].precision == 1
    assert by_entity["PERSON"].recall == 2 / 3
    assert by_entity["PERSON"].f(1) == pytest.approx(0.8)
    assert by_entity["PERSON"].f(2) == pytest.approx(5 * (2 / 3) / (4 + 2 / 3))
    assert by_entity["DATE_TIME"].recall is None
    assert by_entity["DATE_TIME"].precision == 0


def test_two_findings_over_the_same_characters_count_them_once() -> None:
    one = judgement(
        "mail a@b.example now",
        [("EMAIL_ADDRESS", "a@b.example")],
        [("EMAIL_ADDRESS", "a@b.example"), ("URL", "b.example")],
    )
    assert one.found_chars == one.real_chars == one.hidden_chars == 11
    assert tally([one]).precision == 0.5


def test_ignored_regions_are_not_judged_either_way() -> None:
    text = "Dr. Anna Schmidt, 45 years old"
    one = judgement(
        text,
        [("TITLE", "Dr."), ("PERSON", "Anna Schmidt"), ("AGE", "45 years old")],
        [("PERSON", "Dr. Anna Schmidt"), ("DATE_TIME", "45 years")],
    )
    total = tally([one])
    assert (total.gold, total.findings) == (1, 1)
    assert total.precision == total.recall == 1


@pytest.mark.parametrize(
    ("label", "found", "right"),
    [
        ("STREET_ADDRESS", "ADDRESS", True),
        ("ADDRESS", "LOCATION", True),
        ("GPE", "PERSON", False),
        ("NATIONAL_ID", "ES_NIF", True),
        ("ES_NIF", "NATIONAL_ID", True),
        ("UK_NHS", "US_SSN", False),
        ("PASSPORT", "US_PASSPORT", True),
        ("NATIONAL_ID", "US_PASSPORT", False),
        ("DRIVER_LICENSE", "UK_DRIVING_LICENCE", True),
        ("VEHICLE", "VIN", True),
        ("FECHAS", "DATE_OF_BIRTH", True),
        ("DATE_OF_BIRTH", "DATE_TIME", False),
        ("ID_ASEGURAMIENTO", "ES_NIF", True),
        ("ID_ASEGURAMIENTO", "PHONE_NUMBER", False),
        ("DOMAIN_NAME", "URL", True),
        ("corporation", "ORGANIZATION", True),
    ],
)
def test_which_findings_count_as_what_a_label_stands_for(
    label: str, found: str, right: bool
) -> None:
    entity = entity_of(label)
    assert entity is not None
    assert counts(found, entity) is right


def test_what_a_corpus_does_not_annotate_is_not_judged() -> None:
    text = "Anna came on Monday."
    spans = [("PER", "Anna")], [("PERSON", "Anna"), ("DATE_TIME", "Monday")]
    assert tally([judgement(text, *spans, src="uner_ewt_dev")]).precision == 1
    assert tally([judgement(text, *spans, src="privet/mail")]).precision == 0.5
    only_places = judgement(text, *spans, only=frozenset({"LOCATION"}))
    assert tally([only_places]).gold == tally([only_places]).findings == 0
    assert judged("ADDRESS", "wnut17", EVERYTHING)


def test_a_limit_to_some_entities_makes_no_ignored_regions_of_the_others() -> None:
    spans = [("corporation", "Acme")], [("PERSON", "Acme")]
    limited = judgement("Acme rose.", *spans, src="wnut17", only=frozenset({"PERSON"}))
    assert (tally([limited]).gold, tally([limited]).findings) == (0, 1)
    assert tally([limited]).precision == 0
    elsewhere = [("PER", "Anna")], [("ORGANIZATION", "Anna")]
    assert tally([judgement("Anna.", *elsewhere)]).char_recall == 1
    assert tally([judgement("Anna.", *elsewhere, only=frozenset({"PERSON"}))]).char_recall == 0


def test_alarms_count_only_where_nothing_personal_stands() -> None:
    calm = judgement("Rome is old. Ask May.", [("GPE", "Rome")], [("PERSON", "May")])
    right = judgement("Rome is old.", [("GPE", "Rome")], [("PERSON", "Rome is")])
    personal = judgement("Anna in May", [("PERSON", "Anna")], [("DATE_TIME", "May")])
    counted = quiet([calm, right, personal])
    assert (counted.documents, counted.characters, counted.alarms) == (2, 33, 1)
    assert counted.per_10_000 == pytest.approx(10_000 / 33)
    assert quiet([personal]).per_10_000 is None


def test_reliability_says_how_often_a_score_is_right() -> None:
    document = Document("d", "Anna Bob", (Gold(0, 4, "PERSON"),))
    found = [Finding("PERSON", 0, 4, 0.95, "T"), Finding("PERSON", 5, 8, 0.97, "T")]
    weak = [Finding("PERSON", 5, 8, 0.4, "T"), Finding("PERSON", 5, 8, 1.0, "T")]
    low, high = reliability([judge(document, found), judge(document, weak)])
    assert (low.findings, low.right, low.mean_score) == (1, 0, 0.4)
    assert (high.findings, high.right) == (3, 1)


def test_the_calibration_error_weighs_by_findings() -> None:
    sure, unsure = Likelihood(8, 8, 0.9), Likelihood(2, 0, 0.4)
    assert calibration_error([sure]) == pytest.approx(0.1)
    assert calibration_error([sure, unsure]) == pytest.approx((0.8 + 0.8) / 10)
    assert calibration_error([Likelihood(4, 3, 0.75)]) == 0
    assert calibration_error([]) is None


def test_every_label_of_our_own_corpus_is_found_by_its_own_name() -> None:
    for document in corpora.load():
        gold = tuple(Gold(one.start, one.end, one.label) for one in document.spans)
        found = [Finding(one.label, one.start, one.end, 1.0, "Perfect") for one in gold]
        total = tally([judge(Document(document.id, document.text, gold, src=document.src), found)])
        assert total.found == total.gold == len(gold)
        assert total.precision in {1, None}


def test_documents_come_from_text_and_json_lines(tmp_path: Path) -> None:
    lines = tmp_path / "some.txt"
    spans = [{"start": 0, "end": 2, "label": "PERSON"}]
    lines.write_text(
        json.dumps({"id": 7, "text": "Jo", "spans": spans, "lang": "en", "src": "x"})
        + "\n\n"
        + json.dumps({"text": "{}"})
    )
    first, second = read([str(lines)])
    assert first == Document("7", "Jo", (Gold(0, 2, "PERSON"),), "en", "x")
    assert second == Document(f"{lines}:3", "{}")
    plain = tmp_path / "plain.txt"
    plain.write_bytes('{"a": 1}\r\nzwölf\r\n'.encode())
    assert list(read([str(plain)])) == [Document(str(plain), '{"a": 1}\r\nzwölf\r\n')]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "isn't JSON"),
        ("[" * 100_000, "isn't JSON"),
        ('{"txt": "Jane"}', "no object"),
        ('{"text": "Jane"}', "no list of `spans`"),
        ('{"text": "Jane", "spans": [{"start": 0, "end": 5, "label": "PERSON"}]}', "offsets"),
        ('{"text": "Jane", "spans": [{"start": 2, "end": 2, "label": "PERSON"}]}', "offsets"),
        ('{"text": "Jane", "spans": [7]}', "offsets"),
        ('{"text": "Jane \\ud800", "spans": []}', "surrogate"),
    ],
)
def test_a_line_that_is_no_document_is_named_and_not_quoted(
    tmp_path: Path, line: str, said: str
) -> None:
    file = tmp_path / "gold.jsonl"
    file.write_text('{"text": "", "spans": []}\n' + line)
    with pytest.raises(ConfigError, match=said) as raised:
        list(read([str(file)], annotated=True))
    assert f"{file}:2:1" in str(raised.value)
    assert "Jane" not in str(raised.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "picture"
    file.write_bytes(b"\x89PNG\xff")
    with pytest.raises(ConfigError, match="UTF-8"):
        list(read([str(file)]))


def sections() -> list[Section]:
    text = "<script>alert(1)</script> Anna & Bob"
    one = judgement(text, [("PERSON", "Anna")], [("PERSON", "<script>"), ("URL", "Bob")])
    other = judgement(text, [("PERSON", "Anna")], [("PERSON", "Anna")])
    return [Section("a<b.jsonl", (Run("privet", (one,), 0.5), Run("stock", (other,), None)))]


def test_text_and_json_say_the_same() -> None:
    told = as_dict(sections())
    (section,) = json.loads(json.dumps(told))["sections"]
    privet, stock = section["runs"]["privet"], section["runs"]["stock"]
    assert privet["all"]["recall"] == 0
    assert stock["all"]["f2"] == stock["all"]["char_precision"] == 1
    assert privet["cpu_ms_per_kb"] == pytest.approx(500_000 / 36)
    assert stock["cpu_ms_per_kb"] is None
    assert [one["entity"] for one in privet["misses"]] == ["PERSON"]
    assert [one["entity"] for one in privet["false_alarms"]] == ["PERSON", "URL"]
    table = as_text(sections())
    assert "Anna" not in table
    assert "stock: how often findings are right, by score" in table
    assert privet["calibration_error"] == 0.85, "all of its findings are wrong"
    assert "off by 0.850 on average" in table
    assert ["all", "privet", "1", "2", "0.000"] in [line.split()[:5] for line in table.splitlines()]


class Tags(HTMLParser):
    """Collects tags and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.said = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.said += data


def test_the_page_is_whole_in_itself_and_escapes_every_document() -> None:
    html = page(sections())
    tags = Tags()
    tags.feed(html)
    assert not tags.tags & {"script", "link", "img", "iframe"}
    assert not tags.attributes & {"src", "href", "onclick"}
    assert "<script>alert(1)</script> Anna & Bob" in tags.said
    assert "a<b.jsonl" in tags.said
