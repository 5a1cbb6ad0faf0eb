"""Names of persons and places: what two models and their filters make of texts."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from proxy.detect.chunk import Chunk, chunk
from proxy.detect.code_lines import in_code
from proxy.detect.engine import Engine
from proxy.detect.names import model as names_model
from proxy.detect.names.extent import apart, whole
from proxy.detect.names.given import given_names, is_given_name
from proxy.detect.names.language import language_of
from proxy.detect.names.model import Judged, NamesModelMissingError, SecondOpinion
from proxy.detect.names.passages import Window, doubtful, passages
from proxy.detect.names.pieces import Named, names_in, organizations_in, places_in
from proxy.detect.names.plausible import begins_a_sentence, plausible
from proxy.detect.names.recognizer import unite
from proxy.detect.names.wordpiece import WordPiece, case_of
from proxy.detect.produced import produced_entities
from proxy.detect.settings import DetectSettings

Find = Callable[..., list[tuple[str, str]]]


@pytest.fixture(scope="module")
def second() -> SecondOpinion:
    return SecondOpinion()


def _persons(find: Find, text: str) -> list[str]:
    return [value for entity, value in find(text, models=True) if entity == "PERSON"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("I spoke to Caoimhe McGilloway about the lease.", "Caoimhe McGilloway"),
        ("can you ask hector to call me back", "hector"),
        ("Die Rechnung ging an Sabine Vogel aus Ulm.", "Sabine Vogel"),
        ("Le dossier de Benoît Garnier est chez nous depuis mardi.", "Benoît Garnier"),
        ("Mi jefe Javier Núñez me lo dijo y no está contento.", "Javier Núñez"),
        ("Il paziente Giovanni Bianchi di Napoli non è ancora stato chiamato.", "Giovanni Bianchi"),
        ("Ik woon in Utrecht en mijn vrouw heet Anneke de Vries.", "Anneke de Vries"),
        ("O cliente João Pedro da Silva não mora mais em Porto.", "João Pedro da Silva"),
        ("Proszę o kontakt, umowa jest dla Agnieszka Kowalczyk z Krakowa.", "Agnieszka Kowalczyk"),
    ],
)
def test_persons_in_eight_languages(find: Find, text: str, name: str) -> None:
    assert name in _persons(find, text)


@pytest.mark.parametrize(
    "text",
    [
        "def get_user(self, name):\n    return self.session.query(User).filter(User.name == name)",
        "raise EOFError from HelpFormatter.format_help",
        "    at com.acme.Billing.run(Billing.java:12)",
        "Explain how to run a Jenkins pipeline with Helm on Ubuntu.",
        "2026-11-02 10:22:01 INFO worker-3 Connection pool for Postgres started",
        "Wann wird die Lieferung bei uns ankommen und wie hoch ist der Preis?",
    ],
)
def test_code_and_plain_questions_name_nobody(find: Find, text: str) -> None:
    assert _persons(find, text) == []


def test_a_passage_is_read_once_for_a_batch_and_kept_no_longer(second: SecondOpinion) -> None:
    class Counting:
        runs = 0

        def run(self, *asked: Any) -> Any:
            self.runs += 1
            return session.run(*asked)

    session, counting = second._session, Counting()
    second._session = counting
    try:
        once = second.judge("Ask Ana Lima.")
        assert second.judge("Ask Ana Lima.") == once
        assert counting.runs == 1
        second.forget()
        assert not second._judged
        assert second.judge("Ask Ana Lima.") == once
        assert counting.runs == 2
    finally:
        second._session = session


def test_a_street_with_a_number_is_an_address(second: SecondOpinion) -> None:
    text = "Please deliver to 42 Baker Street, London NW1 6XE."
    (found,) = places_in(text, second.judge(text))
    assert (found.label_, text[found.start_char : found.end_char]) == (
        "ADDRESS",
        "42 Baker Street, London NW1 6XE",
    )


def test_the_fast_tier_never_asks_the_second_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names_model, "_FILES", {"names.onnx": "0", "names.vocab.txt": "0"})
    settings = DetectSettings(tier="fast")
    text = "I spoke to Anna Thompson in Leeds yesterday."
    ((found, *_),) = Engine(settings).analyse([(Chunk(text, 0, len(text), 0), True)])
    assert (found.entity, text[found.start : found.end]) == ("PERSON", "Anna Thompson")
    with pytest.raises(NamesModelMissingError, match=r"names\.onnx"):
        Engine(replace(settings, tier="balanced"))


def test_tiers_differ_in_digest_and_in_what_they_can_yield() -> None:
    fast, balanced, thorough = (
        DetectSettings(tier="fast"),
        DetectSettings(),
        DetectSettings(tier="thorough"),
    )
    assert len({fast.digest, balanced.digest, thorough.digest}) == 3
    assert produced_entities(fast) <= produced_entities(balanced) == produced_entities(thorough)


def test_offsets_slice_the_window_whatever_is_in_it(find: Find) -> None:
    text = (
        "\u200bHi \U0001f600 J\u00fcrgen\u00a0Krau\u00dfe,\r\nthis is for ＭＡＲＩＡ and e\u0301lodie\x00!"
        * 3
    )
    for _, value in find(text, models=True):
        assert value in text
        assert value.strip() == value


def test_a_judgement_does_not_depend_on_the_rest_of_the_batch(engine: Engine) -> None:
    text = "I spoke to Caoimhe McGilloway about the lease."
    other = "Runar and Vangie went to Derbyshire."
    alone = engine.analyse([(Chunk(text, 0, len(text), 0), True)])[0]
    beside = engine.analyse([(Chunk(x, 0, len(x), 0), True) for x in (other, text)])[1]
    assert [(f.entity, f.start, f.end) for f in alone] == [
        (f.entity, f.start, f.end) for f in beside
    ]


def test_split_text_yields_the_names_of_the_whole(engine: Engine) -> None:
    text = "\n\n".join(
        f"{name} asked for a refund of the order last week."
        for name in ("Anna Kowalska", "Tom Reed")
    )

    def names(size: int) -> set[tuple[int, int]]:
        return {
            (found.start + piece.origin, found.end + piece.origin)
            for piece in chunk(text, size)
            for found in engine.analyse([(piece, True)])[0]
            if found.entity == "PERSON"
        }

    assert len(names(70)) == 2
    assert names(70) == names(2_000)


def test_words_that_are_clearly_nothing_are_judged_and_not_looked_at_closely(
    second: SecondOpinion,
) -> None:
    text = "The printer was broken again says Anna Kowalska and the report is late"
    judged = {text[word.start : word.end]: word for word in second.judge(text)}
    assert [*judged] == text.split()
    assert judged["printer"][2:] == (0.0,) * 9
    assert judged["Anna"].name > 0.9
    assert judged["Kowalska"].name > 0.9


def test_text_in_another_language_is_not_cut_into_tokens(engine: Engine) -> None:
    text = "Die Rechnung ging an Sabine Vogel, und sie ist nicht bezahlt."
    ((tokens, (name,)),) = engine._names.read([Window(text, 0, len(text))])
    assert tokens is None
    assert text[name.start_char : name.end_char] == "Sabine Vogel"


# The parts, without a model


def _judged(text: str, likely: dict[str, float]) -> list[Judged]:
    words = []
    for word in text.replace("-", " - ").split():
        start = text.index(word, words[-1].end if words else 0)
        name = likely.get(word, 0.0)
        words.append(Judged(start, start + len(word), name, 0.0, 0.0, 0.0, 0.0, 0.0))
    return words


@pytest.mark.parametrize(
    ("text", "likely", "names"),
    [
        ("ask Anna Vogel now", {"Anna": 0.9, "Vogel": 0.2}, ["Anna Vogel"]),
        ("ask Anna Vogel now", {"Anna": 0.2, "Vogel": 0.2}, []),
        ("met Piet van der Berg", {"Piet": 0.9, "Berg": 0.9}, ["Piet van der Berg"]),
        ("met Anna de", {"Anna": 0.9}, ["Anna"]),
        ("Anna\nVogel", {"Anna": 0.9, "Vogel": 0.9}, ["Anna", "Vogel"]),
        ("Karl-Heinz came", {"Karl": 0.9, "Heinz": 0.9}, ["Karl-Heinz"]),
        ("Karl - Heinz came", {"Karl": 0.9, "Heinz": 0.9}, ["Karl", "Heinz"]),
    ],
)
def test_words_become_names(text: str, likely: dict[str, float], names: list[str]) -> None:
    found = names_in(text, _judged(text, likely))
    assert [text[one.start_char : one.end_char] for one in found] == names


def _one(text: str, shown: str, label: str = "PERSON", score: float = 0.85) -> Named:
    start = text.index(shown)
    return Named(start, start + len(shown), label, score)


@pytest.mark.parametrize(
    ("text", "shown", "left"),
    [
        ("Anna Vogel\nTom Reed came", "Anna Vogel\nTom Reed", ["Anna Vogel", "Tom Reed"]),
        ("see \u201cAnna Vogel\u201d,", "\u201cAnna Vogel\u201d,", ["Anna Vogel"]),
        ("ask Robert (Bob) Smith", "Robert (Bob) Smith", ["Robert (Bob) Smith"]),
        ("call McDonald", "McDonald", ["McDonald"]),
        ("new HashMap here", "HashMap", []),
        ("user_Anna", "Anna", []),
        ("Anna@example.org", "Anna", []),
        ("Anna.txt", "Anna", []),
        ("Strengths: none", "Strengths", []),
        ("Anna: hello", "Anna", ["Anna"]),
        ("x = Parse", "Parse", []),
        ("Hahahaaa no", "Hahahaaa", []),
        (
            "Customer Fenella Ravensworth rang",
            "Customer Fenella Ravensworth",
            ["Fenella Ravensworth"],
        ),
        ("Kunde Fenella Ravensworth", "Kunde Fenella Ravensworth", ["Fenella Ravensworth"]),
        ("Pacjentka Anna Nowak boli", "Pacjentka Anna Nowak", ["Anna Nowak"]),
        ("Patient Safety", "Patient Safety", ["Patient Safety"]),
        ("Anna :) hello", "Anna", ["Anna"]),
        ("Gemstone : blue", "Gemstone", []),
    ],
)
def test_what_can_be_a_name(text: str, shown: str, left: list[str]) -> None:
    found = plausible(text, _one(text, shown))
    assert [text[one.start_char : one.end_char] for one in found] == left


@pytest.mark.parametrize(
    ("text", "shown", "label", "is_now"),
    [
        ("signed V K Choudhry.", "Choudhry", "PERSON", "V K Choudhry"),
        ("by J. R. Hartley", "Hartley", "PERSON", "J. R. Hartley"),
        ("I Choudhry", "Choudhry", "PERSON", "Choudhry"),
        ("by samantha Fox", "Fox", "PERSON", "samantha Fox"),
        ("asked President Fox", "Fox", "PERSON", "Fox"),
        ("and anna's Fox", "Fox", "PERSON", "Fox"),
        ("anna, Fox", "Fox", "PERSON", "Fox"),
        ("the Gaza strip today", "Gaza", "GPE", "Gaza strip"),
        ("in Oxford parks", "Oxford", "GPE", "Oxford"),
        ("Oxford\nstation", "Oxford", "GPE", "Oxford"),
    ],
)
def test_a_name_is_taken_whole(text: str, shown: str, label: str, is_now: str) -> None:
    found = whole(text, _one(text, shown, label))
    assert text[found.start_char : found.end_char] == is_now


def test_a_given_name_is_no_place_unless_it_is_one() -> None:
    text = "Traci or Sofia"
    words = _judged(text, {"Traci": 0.2, "Sofia": 0.2})
    both = [_one(text, "Traci", "GPE"), _one(text, "Sofia", "GPE")]
    words[0], words[2] = (word._replace(town=0.1) for word in (words[0], words[2]))
    found = {text[one.start_char : one.end_char]: one.label_ for one in unite(text, both, words)}
    assert found == {"Traci": "PERSON", "Sofia": "GPE"}


def test_a_possessive_names_nobody() -> None:
    text = "Picasso ' s works"
    found = names_in(text, _judged(text, {"Picasso": 0.9, "s": 0.8}))
    assert [text[one.start_char : one.end_char] for one in found] == ["Picasso"]


def test_who_somebody_is_isnt_part_of_the_name() -> None:
    text = "Customer Fenella Ravensworth, Tenant Ravensworth Holding Ltd, Client Access Server"
    said = [
        found
        for shown in text.split(", ")
        for found in plausible(text, _one(text, shown)._replace(label_="ORG"))
    ]
    assert [(text[one.start_char : one.end_char], one.label_) for one in said] == [
        ("Fenella Ravensworth", "PERSON"),
        ("Ravensworth Holding Ltd", "ORG"),
        ("Client Access Server", "ORG"),
    ]


def test_the_second_opinion_adds_corrects_and_vetoes() -> None:
    text = "wan and Traci met Cindy of Enron in Leeds"
    first = [
        _one(text, "wan"),
        _one(text, "Traci", "GPE"),
        _one(text, "Enron", "ORG"),
        _one(text, "Leeds", "GPE"),
    ]
    words = [
        *_judged("wan and Traci met Cindy", {"Traci": 0.9, "Cindy": 0.9}),
        Judged(27, 32, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, organization=0.9),
        Judged(36, 41, 0.0, 0.0, 0.0, 0.0, 0.3, 0.0),
    ]
    found = {text[one.start_char : one.end_char]: one.label_ for one in unite(text, first, words)}
    assert found == {"Traci": "PERSON", "Cindy": "PERSON", "Enron": "ORG", "Leeds": "GPE"}


def test_where_somebody_is_from_is_no_part_of_the_name() -> None:
    text = "an Sabine Vogel aus Ulm"
    words = _judged(text, {"Sabine": 0.9, "Vogel": 0.9})
    words[-1] = words[-1]._replace(town=0.9)
    (found, place) = unite(text, [_one(text, "Sabine Vogel aus Ulm")], words)
    assert text[found.start_char : found.end_char] == "Sabine Vogel"
    assert (text[place.start_char : place.end_char], place.label_) == ("Ulm", "LOC")


def test_an_organization_is_a_run_of_words() -> None:
    text = "Bank of Oz and Anna"
    words = _judged(text, {})
    words[0] = words[0]._replace(organization=0.9)
    words[2] = words[2]._replace(organization=0.4)
    (found,) = organizations_in(text, words)
    assert (text[found.start_char : found.end_char], found.label_) == ("Bank of Oz", "ORG")


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("The walnut desk arrived late.", False),
        ("The desk of Vangie arrived.", True),
        ("can darin call me back", True),
        ("Delivery to Leeds.", True),
        ("the parcel went to france", True),
        ("Yes. Fine. Thanks.", False),
    ],
)
def test_only_doubtful_passages_are_asked_about(text: str, asked: bool) -> None:
    first = [_one(text, "Leeds", "GPE")] if "Leeds" in text else []
    assert doubtful(text, 0, len(text), first) is asked


@pytest.mark.parametrize("least", [1, 60, 300])
def test_passages_cover_the_text_without_overlap(least: int) -> None:
    text = "One. Two!\n\nThree? " * 40 + "x" * 3_000 + "\nend"
    found = list(passages(text, least))
    assert "".join(text[low:high] for low, high in found) == text
    assert max(high - low for low, high in found) <= 600 + least


def test_passages_outside_the_core_are_not_read() -> None:
    text = "First sentence. Second sentence. Third sentence."
    core = Window(text, 16, 32)
    assert [text[low:high].strip() for low, high in core.passages(1)] == ["Second sentence."]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Please send the report to my manager and the team.", "en"),
        ("Bitte senden Sie die Rechnung an mich und nicht an die Zentrale.", "de"),
        ("Je vous prie de bien vouloir noter mon adresse dans le dossier.", "fr"),
        ("No puedo entrar en la cuenta y mi jefe está enfadado con esta situación.", "es"),
        ("Non sono riuscito a entrare nel portale e il codice non funziona.", "it"),
        ("Não consigo entrar na conta e o meu chefe está à espera.", "pt"),
        ("Ik kan niet inloggen en mijn wachtwoord is niet meer geldig.", "nl"),
        ("Nie mogę się zalogować, proszę o pomoc przez telefon.", "pl"),
        ("x = 1", "en"),
        ("", "en"),
    ],
)
def test_languages(text: str, language: str) -> None:
    assert language_of(text) == language


def test_everyday_words_are_given_names_with_a_capital_only() -> None:
    known = ("hector", "Grace", "grace", "Invoice")
    assert [is_given_name(word) for word in known] == [True, True, False, False]


def test_pieces_are_the_longest_that_the_vocabulary_has() -> None:
    pieces = WordPiece(["[CLS]", "[SEP]", "[UNK]", "jur", "##gen", "juergen", "j", "-"])
    text = "J\u00fcrgen-x Ju\u0308r\u00adgen"
    words = pieces.words(text)
    assert [text[word.start : word.end] for word in words] == [
        "J\u00fcrgen",
        "-",
        "x",
        "Ju\u0308r\u00adgen",
    ]
    assert [word.pieces for word in words] == [(3, 4), (7,), (2,), (3, 4)]


def test_capitals_are_marked_beside_the_pieces() -> None:
    words = ["will", "Will", "WILL", "McDonald", "A", "42nd", "İz"]
    assert [case_of(word) for word in words] == [0, 1, 2, 3, 1, 0, 1]


def test_a_word_is_code_by_its_line() -> None:
    text = "Ask Anna about it.\nresult = Anna(x)\n"
    assert not in_code(text, 4, 8)
    assert in_code(text, text.rindex("Anna"), text.rindex("Anna") + 4)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("Judge Carrow found that the duty under s 2(2) of the Act was breached.", False),
        ("The patient(s) named Carrow must be told in writing about the visit;", False),
        ("const carrow = 1;", True),
        ("retry(carrow, 2)", True),
        ("  say('the tenant of the flat is Carrow', now);", True),
    ],
)
def test_a_sentence_with_a_bracket_or_a_semicolon_is_no_code(line: str, code: bool) -> None:
    start = line.lower().index("carrow")
    assert in_code(line, start, start + 6) is code


@pytest.mark.parametrize("name", ["Grace", "grace", "GRACE", "Aarón", "JOS\u00c9"])
def test_a_given_name_is_never_passed_over(name: str) -> None:
    words = ["the", name, "of"]
    assert given_names(words) == set(filter(is_given_name, words))
    assert given_names(["the", "of"]) == set()


@pytest.mark.parametrize(
    ("word", "known"),
    [("Małgorzata", True), ("MAŁGORZATA", True), ("małgorzata", False), ("Niña", False)],
)
def test_a_long_given_name_is_known_in_any_languages_spelling(word: str, known: bool) -> None:
    assert is_given_name(word) is known
    assert given_names([word]) == ({word} if known else set())


@pytest.mark.parametrize(
    ("text", "shown", "left"),
    [
        (
            "An: Wiśniewska, Małgorzata\n",
            "Wiśniewska, Małgorzata",
            ["PERSON Wiśniewska, Małgorzata"],
        ),
        ("Verdi , Luca , Bari", "Verdi , Luca", ["PERSON Verdi", "PERSON Luca"]),
        (
            "nr 8288 9223, posiadacz, Radom",
            "8288 9223, posiadacz, Radom",
            ["LOC posiadacz", "LOC Radom"],
        ),
        ("Sitz: 28217 Bremen", "28217 Bremen", ["LOC 28217 Bremen"]),
        (
            "Anna Grzegorzewska, PESEL",
            "Grzegorzewska, PESEL",
            ["PERSON Grzegorzewska", "LOC PESEL"],
        ),
    ],
)
def test_a_row_of_values_is_no_place(text: str, shown: str, left: list[str]) -> None:
    start = text.index(shown)
    pieces = apart(text, Named(start, start + len(shown), "LOC", 0.9))
    assert [f"{one.label_} {text[one.start_char : one.end_char]}" for one in pieces] == left


def test_a_word_that_begins_a_sentence_has_its_capital_anyway() -> None:
    for text, begins in (
        ("Vivienda sita en Granada.", True),
        ("No pasó. Vivienda sita en Granada.", True),
        ("Vivienda, sita en Granada.", False),
        ("El Sr. Vivienda sita", False),
        ("a Vivienda sita", False),
    ):
        start = text.index("Vivienda")
        assert begins_a_sentence(text, Named(start, start + 8, "PERSON", 0.7)) is begins


def test_only_a_sure_name_begins_a_sentence_in_another_language(find: Find) -> None:
    assert _persons(find, "La furgoneta no pasó la ITV. Avisad a Aurelio Ruiz en el taller.") == [
        "Aurelio Ruiz"
    ]


@pytest.mark.parametrize(
    ("text", "company"),
    [
        ("Mandat gegen die Brauhaus Nordertor GmbH\nwegen Kündigung", "Brauhaus Nordertor GmbH"),
        ('{"employer":"Buckeye Tool & Die Inc."},', "Buckeye Tool & Die Inc."),
        ("Réunion avec Verrerie du Rhône SA lundi.", "Verrerie du Rhône SA"),
        ("Ze verhuist naar Stichting De Wilgenhof.", "Stichting De Wilgenhof"),
    ],
)
def test_a_company_with_its_legal_form_stays(find: Find, text: str, company: str) -> None:
    assert ("ORGANIZATION", company) in find(text, models=True)
