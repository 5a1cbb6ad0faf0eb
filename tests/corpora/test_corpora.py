"""The corpus is current, its offsets slice, its numbers check, and its labels are complete."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest
import stdnum.br.cpf
import stdnum.de.idnr
import stdnum.es.dni
import stdnum.es.nie
import stdnum.fr.nir
import stdnum.gb.nhs
import stdnum.iban
import stdnum.it.codicefiscale
import stdnum.luhn
import stdnum.nl.bsn
import stdnum.pl.pesel
import stdnum.pt.nif
import stdnum.us.ssn
from stdnum.util import clean

from tests.corpora import build
from tests.corpora.fakes import fake, kinds
from tests.corpora.load import Document, filled, load

DOCUMENTS = load()
# Letters and prefixes that HMRC gives out (National Insurance Manual, NIM39110).
_NINO = re.compile(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]")
CHECKS: dict[str, Callable[[str], bool]] = {
    "BR_CPF": stdnum.br.cpf.is_valid,
    "CREDIT_CARD": stdnum.luhn.is_valid,
    "DE_TAX_ID": stdnum.de.idnr.is_valid,
    "ES_NIE": stdnum.es.nie.is_valid,
    "ES_NIF": stdnum.es.dni.is_valid,
    "FR_NIR": stdnum.fr.nir.is_valid,
    "IBAN_CODE": stdnum.iban.is_valid,
    "IT_FISCAL_CODE": stdnum.it.codicefiscale.is_valid,
    "NL_BSN": stdnum.nl.bsn.is_valid,
    "PL_PESEL": stdnum.pl.pesel.is_valid,
    "PT_NIF": stdnum.pt.nif.is_valid,
    "UK_NHS": stdnum.gb.nhs.is_valid,
    "UK_NINO": lambda value: _NINO.fullmatch(value) is not None,
    "US_SSN": stdnum.us.ssn.is_valid,
}


def values(label: str) -> list[str]:
    """Every value with this label."""
    return [
        document.text[span.start : span.end]
        for document in DOCUMENTS
        for span in document.spans
        if span.label == label
    ]


def test_what_is_committed_is_what_the_sources_say() -> None:
    records = build.build()
    readme = build.README.read_text(encoding="utf-8")
    assert build.PROMPTS.read_text(encoding="utf-8") == build.to_lines(records)
    assert build.counted(readme, records) == readme, "run python -m tests.corpora.build"


def test_it_is_large_and_mixed_enough() -> None:
    impersonal = [document for document in DOCUMENTS if not document.personal]
    english = [document for document in DOCUMENTS if document.lang == "en"]
    assert len(DOCUMENTS) >= 160
    assert {document.lang for document in DOCUMENTS} == set(build.LANGUAGES)
    assert 0.30 <= len(impersonal) / len(DOCUMENTS) <= 0.40
    assert 0.40 <= len(english) / len(DOCUMENTS) <= 0.50


def test_every_span_slices_what_was_marked() -> None:
    sources = {record["id"]: record for record in build.build()}
    for document in DOCUMENTS:
        marked = sources[document.id]
        end = 0
        for span, before in zip(document.spans, marked["spans"], strict=True):
            was = marked["text"][before["start"] : before["end"]]
            now = document.text[span.start : span.end]
            assert span.start >= end
            assert now == was or was.startswith("{{secret:")
            assert now == now.strip()
            end = span.end


@pytest.mark.parametrize("label", sorted(CHECKS))
def test_numbers_with_a_checksum_are_valid(label: str) -> None:
    found = values(label)
    assert found
    assert [value for value in found if not CHECKS[label](clean(value, " -."))] == []


def test_every_label_is_used() -> None:
    assert {span.label for document in DOCUMENTS for span in document.spans} == build.LABELS


def test_a_value_labelled_once_is_labelled_wherever_it_stands() -> None:
    assert [gap for document in DOCUMENTS for gap in _unlabelled(document)] == []


def test_a_gap_in_the_labels_is_seen() -> None:
    text, spans = build.parse("[[PERSON:Ann Lee]] rang. Lee's car.", "x")
    record = {"id": "x", "text": text, "spans": spans, "lang": "en", "src": "privet/x"}
    assert _unlabelled(filled(record)) == ["x: Lee"]


def test_mail_addresses_are_all_labelled() -> None:
    for document in DOCUMENTS:
        for match in re.finditer(r"[\w.+-]+@[\w.-]+\.[a-z]{2,}", document.text):
            assert _covered(document, match), (document.id, match.group())


def test_addresses_belong_to_nobody() -> None:
    hosts = {re.split(r"[. ]", value)[-1] for value in values("EMAIL_ADDRESS")}
    assert hosts == {"example"}  # RFC 2606
    assert all(ip_address(value).is_private for value in values("IP_ADDRESS"))


def test_the_committed_file_holds_no_secret() -> None:
    committed = build.PROMPTS.read_text(encoding="utf-8")
    for label in ("API_KEY", "JWT", "PRIVATE_KEY"):
        assert values(label)
        for value in values(label):
            assert value not in committed
            assert value.splitlines()[-1] not in committed


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_a_fake_depends_on_its_seed_alone(kind: str) -> None:
    assert fake(kind, "one") == fake(kind, "one") != fake(kind, "two")


def test_a_fake_web_token_has_readable_parts() -> None:
    header, claims, signature = fake("jwt", "any").split(".")
    assert urlsafe_b64decode(header + "==").startswith(b'{"alg"')
    assert urlsafe_b64decode(claims + "==").startswith(b'{"sub"')
    assert len(urlsafe_b64decode(signature + "==")) == 32


def test_filling_a_secret_in_moves_what_follows() -> None:
    text, spans = build.parse("key [[API_KEY:{{secret:hex32}}]] of [[PERSON:Ann]]", "x")
    record: dict[str, Any] = {
        "id": "x", "text": text, "spans": spans, "lang": "en", "src": "privet/x"
    }  # fmt: skip
    document = filled(record)
    key, person = document.spans
    assert key.end - key.start == 32
    assert document.text[person.start : person.end] == "Ann"
    assert document.text.startswith("key ")
    assert "{{" not in document.text


@pytest.mark.parametrize(
    "marked",
    [
        "[[NAME:Ann]]",
        "[[PERSON: Ann]]",
        "[[PERSON:]]",
        "[[PERSON:Ann [[ORGANIZATION:Lee]]]]",
        "[[PERSON:Ann",
        "[[API_KEY:{{secret:nothing}}]]",
        "[[API_KEY:key={{secret:hex32}}]]",
    ],
)
def test_bad_markup_is_refused(marked: str) -> None:
    with pytest.raises(ValueError):
        build.parse(marked, "x")


def _unlabelled(document: Document) -> list[str]:
    """Values, and the words of names, that also stand outside a span."""
    wanted = set()
    for span in document.spans:
        value = document.text[span.start : span.end]
        wanted.add(value)
        if span.label == "PERSON":
            wanted.update(re.findall(r"[^\W\d_]{3,}", value))
    return [
        f"{document.id}: {value}"
        for value in sorted(wanted)
        for match in re.finditer(rf"(?<!\w){re.escape(value)}(?!\w)", document.text)
        if not _covered(document, match)
    ]


def _covered(document: Document, match: re.Match[str]) -> bool:
    return any(span.start < match.end() and match.start() < span.end for span in document.spans)
