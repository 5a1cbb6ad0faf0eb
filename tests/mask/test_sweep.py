"""The sweep: every found value, wherever else it stands."""

from base64 import b64encode

from proxy.detect.sweep import load_lexicon, sweep
from proxy.exchange import Finding, TextPart

LEXICON = load_lexicon()


def swept(*turns: tuple[str, str]) -> list[list[str]]:
    """Each turn is a text and what was found in it; gives what the sweep added, with its entity."""
    parts = [TextPart(("turn", index), text) for index, (text, _) in enumerate(turns)]
    found = []
    for text, value in turns:
        start = text.index(value)
        found.append((Finding("PERSON", start, start + len(value), 0.8, "ner"),) if value else ())
    result = sweep(parts, found, LEXICON)
    for before, after in zip(found, result, strict=True):
        assert after[: len(before)] == before
        assert {(one.recognizer, one.score) for one in after[len(before) :]} <= {("sweep", 0.8)}
    return [
        [part.text[one.start : one.end] for one in after[len(before) :]]
        for part, before, after in zip(parts, found, result, strict=True)
    ]


def test_both_ways_in_every_form() -> None:
    token = b64encode(b"user: Jane Doe").decode()
    turns = (
        ("is jane  doe in?", ""),
        ("Jane Doe, JANE DOE", "Jane Doe"),
        (f"{token} Jane%20Doe", ""),
    )
    assert swept(*turns) == [["jane  doe"], ["JANE DOE"], [token, "Jane%20Doe"]]


def test_a_value_found_in_escapes_is_looked_for_without_them() -> None:
    turns = (("Jane%20Doe", "Jane%20Doe"), ("Jane Doe, jane_doe, Jane+Doe, Jane%2520Doe", ""))
    assert swept(*turns) == [[], ["Jane Doe", "jane_doe", "Jane+Doe", "Jane%2520Doe"]]


def test_words_joined_by_hyphens_are_the_value_too() -> None:
    turns = (("Jane Doe", "Jane Doe"), ("/people/jane-doe.pdf, Mary-Jane-Doe, jane-does", ""))
    assert swept(*turns) == [[], ["jane-doe", "Jane-Doe"]]
    assert swept(("to jane-doe", "jane-doe"), ("Jane Doe", "")) == [[], ["Jane Doe"]]


def test_each_form_whose_case_counts_is_looked_for() -> None:
    assert swept(("Ann", "Ann"), ("ANN", "ANN"), ("Ann ANN ann", "")) == [[], [], ["Ann", "ANN"]]


def test_a_person_is_swept_by_what_they_are_called_for_short() -> None:
    name = "Margarethe Hollenbach"
    turns = (
        ("/home/mhollenbach, hollenbach_v2.pdf, HOLLENBACH; margarethehollenbach", ""),
        (f"{name}, Anna Hollenbach", name),
        (b64encode(b"last=Hollenbach").decode(), ""),
        ("hollenbachs, Marga, amhollenbach", ""),
    )
    short = ["mhollenbach", "hollenbach", "HOLLENBACH", "margarethehollenbach"]
    token = b64encode(b"last=Hollenbach").decode()
    assert swept(*turns) == [short, ["Hollenbach"], [token], []]


def test_umlauts_are_swept_as_they_are_spelled_out() -> None:
    turns = (("Jürgen Großmüller", "Jürgen Großmüller"), ("juergen.grossmueller, GROSSMUELLER", ""))
    assert swept(*turns) == [[], ["juergen.grossmueller", "GROSSMUELLER"]]
    assert swept(("Müller", "Müller"), ("mueller.pdf", "")) == [[], ["mueller"]]


def test_no_everyday_word_is_swept_as_a_name() -> None:
    turns = (("Doctor Ann Walker", "Doctor Ann Walker"), ("a doctor, Doctor, walker, Ann", ""))
    assert swept(*turns) == [[], []]


def test_trivial_values_are_not_swept() -> None:
    assert swept(("The", "The"), ("the The 42", "42"), ("42", "")) == [[], [], []]


def test_a_value_beside_a_finding_is_bounded_by_it() -> None:
    assert swept(("MaryAnn", "Mary"), ("Ann", "Ann")) == [["Ann"], []]


def test_the_lists_are_lower_case_words() -> None:
    assert all(word == word.strip().lower() for word in LEXICON.words | LEXICON.stopwords)
    assert {"walker", "claude"} <= LEXICON.words
    assert "the" in LEXICON.stopwords
