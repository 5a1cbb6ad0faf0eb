"""Which spans remain: overlaps lose nothing but what is no part of a name."""

from hypothesis import given
from hypothesis import strategies as st

from proxy.detect.spans import RawSpan, merge, settle
from proxy.exchange import Finding


def model(text: str, covered: str, entity: str = "PERSON") -> RawSpan:
    start = text.index(covered)
    return RawSpan(Finding(entity, start, start + len(covered), 0.85, "model"), model=True)


def pattern(text: str, covered: str, entity: str, *, closed: bool = True) -> RawSpan:
    start = text.index(covered)
    return RawSpan(Finding(entity, start, start + len(covered), 1.0, "pattern"), closed=closed)


def settled(text: str, *spans: RawSpan) -> list[tuple[str, str]]:
    found = settle(text, spans, 0, len(text))
    return [(one.entity, text[one.start : one.end]) for one in found]


def test_a_models_span_gives_way_to_a_closed_pattern() -> None:
    text = "Pay John Smith, IBAN: DE89370400440532013000 Jones today"
    iban = pattern(text, "DE89370400440532013000", "IBAN_CODE")
    wide = model(text, "John Smith, IBAN: DE89370400440532013000 Jones")
    assert settled(text, wide, iban) == [
        ("PERSON", "John Smith"),
        ("IBAN_CODE", "DE89370400440532013000"),
        ("PERSON", "Jones"),
    ]


def test_a_model_that_repeats_a_pattern_adds_nothing() -> None:
    text = "mail anna@example.com"
    address = pattern(text, "anna@example.com", "EMAIL_ADDRESS")
    assert settled(text, model(text, "anna@example.com"), address) == [
        ("EMAIL_ADDRESS", "anna@example.com")
    ]


def test_a_name_inside_a_pattern_stays() -> None:
    text = "see https://example.com/anna-schmidt"
    url = pattern(text, "https://example.com/anna-schmidt", "URL")
    assert ("PERSON", "anna-schmidt") in settled(text, model(text, "anna-schmidt"), url)


def test_what_policy_may_show_shields_nothing() -> None:
    text = "Amazon.com"
    url = pattern(text, "Amazon.com", "URL", closed=False)
    assert ("ORGANIZATION", "Amazon.com") in settled(text, model(text, text, "ORGANIZATION"), url)


def test_edges_that_are_no_part_of_a_name() -> None:
    text = "ask **Anna Schmidt's**, or (Dr. Bob Jr.)"
    spans = (model(text, "**Anna Schmidt's**,"), model(text, "(Dr. Bob Jr.)"))
    assert settled(text, *spans) == [("PERSON", "Anna Schmidt"), ("PERSON", "Dr. Bob Jr.")]


def test_placeholders_are_nobodys_data() -> None:
    text = "Dear <PERSON_1> and PERSON_2b Miller, <EMAIL_ADDRESS_ABCD2345>"
    spans = (model(text, "<PERSON_1>"), model(text, "PERSON_2b Miller"))
    last = model(text, "EMAIL_ADDRESS_ABCD2345", "ORGANIZATION")
    assert settled(text, *spans, last) == [("PERSON", "Miller")]


def test_nothing_is_left_of_punctuation() -> None:
    text = "-- ** --"
    assert settled(text, model(text, text)) == []


def test_a_pattern_belongs_to_the_core_it_starts_in() -> None:
    text = "aaaa 111 bbbb"
    number = pattern(text, "111", "X")
    cores = [(0, 5), (0, 6), (5, 9), (6, 13)]
    owned = [bool(settle(text, [number], start, end)) for start, end in cores]
    assert owned == [False, True, True, False]


def test_the_best_score_of_a_span_wins() -> None:
    low, high = Finding("X", 0, 3, 0.4, "a"), Finding("X", 0, 3, 0.9, "b")
    other = Finding("Y", 0, 3, 0.1, "c")
    assert merge([low, other, high]) == merge([high, low, other]) == (high, other)


@given(st.data(), st.text("ab .,*\n<>'", min_size=1, max_size=40))
def test_no_character_of_a_name_is_lost(data: st.DataObject, text: str) -> None:
    def span(*, is_model: bool) -> RawSpan:
        start = data.draw(st.integers(0, len(text) - 1))
        end = data.draw(st.integers(start + 1, len(text)))
        finding = Finding("M" if is_model else "P", start, end, 0.8, "r")
        return RawSpan(finding, model=is_model, closed=not is_model)

    guess, value = span(is_model=True), span(is_model=False)
    found = settle(text, [guess, value], 0, len(text))
    covered = {at for one in found for at in range(one.start, one.end)}
    letters = {at for at in range(guess.finding.start, guess.finding.end) if text[at] in "ab"}
    assert letters <= covered
    assert value.finding in found


def test_the_words_of_an_address_are_no_findings_of_a_model() -> None:
    text = "Rosa Luxemburg Street 5, Leeds and Leeds"
    address = RawSpan(Finding("ADDRESS", 0, 30, 0.95, "AddressRecognizer"), closed=True)
    inside = [
        RawSpan(Finding("PERSON", 0, 14, 0.85, "model"), model=True),
        RawSpan(Finding("LOCATION", 25, 30, 0.85, "model"), model=True),
    ]
    after = RawSpan(Finding("LOCATION", 35, 40, 0.85, "model"), model=True)
    found = settle(text, [address, *inside, after], 0, len(text))
    assert [one.entity for one in found] == ["ADDRESS", "LOCATION"]
    assert found[1].start == 35
    guessed = RawSpan(address.finding, model=True)
    given = RawSpan(Finding("PERSON", 0, 4, 0.5, "PersonGivenNameRecognizer"))
    found = settle(text, [guessed, given, *inside, after], 0, len(text))
    assert [one.entity for one in found] == ["ADDRESS", "LOCATION"]
    # What an address loses to a number of another kind may be a name after all.
    number = RawSpan(Finding("CUSTOMER_NUMBER", 22, 23, 1.0, "x"), closed=True)
    found = settle(text, [guessed, number, *inside], 0, len(text))
    assert {one.entity for one in found} >= {"PERSON", "LOCATION"}
    said = RawSpan(Finding("PERSON", 0, 4, 0.9, "CustomerDictionary"))
    assert said.finding in settle(text, [address, said], 0, len(text))
