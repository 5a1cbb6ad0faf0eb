"""Markup in, JSON Lines out: `python -m tests.corpora.build` writes prompts.jsonl and the counts.

A source file is `sources/<language>/<genre>.txt`. A line `=== <id>` starts a document; what is
labelled stands as `[[LABEL:value]]`. A value is exactly what should be found: spans don't nest
and don't begin or end with a space. A secret is written `{{secret:<kind>}}` (fakes.py) and stays so
in the output, with offsets into the text as written; load.py fills it in.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.corpora.fakes import kinds

HERE = Path(__file__).parent
PROMPTS = HERE / "prompts.jsonl"
README = HERE / "README.md"
LANGUAGES = (
    *("en", "de", "fr", "es", "it", "pt", "nl", "pl"),
    *("sv", "cs", "ja", "da", "tr", "ro", "fi"),  # whose names no model reads
)
# A document with no labels but these holds nothing personal.
IMPERSONAL = frozenset({"DATE_TIME", "LOCATION", "ORGANIZATION", "URL"})
_PERSONAL = """
    ADDRESS API_KEY BANK_ACCOUNT BR_CPF CREDIT_CARD CRYPTO CUSTOMER_NUMBER CVV DATE_OF_BIRTH
    DE_TAX_ID DRIVER_LICENSE EMAIL_ADDRESS ES_NIE ES_NIF FR_NIR IBAN_CODE INSURANCE_NUMBER
    IP_ADDRESS IT_FISCAL_CODE JWT MAC_ADDRESS MEDICAL_RECORD NATIONAL_ID NL_BSN NRP PASSPORT
    PASSWORD PERSON PHONE_NUMBER PL_PESEL PRIVATE_KEY PT_NIF UK_NHS UK_NINO USERNAME US_SSN VEHICLE
"""
SECRET = re.compile(r"\{\{secret:(\w+)\}\}")
LABELS = IMPERSONAL | frozenset(_PERSONAL.split())

_START = re.compile(r"^=== (.+)\n", re.MULTILINE)
_MARK = re.compile(r"\[\[([A-Z_]+):(.*?)\]\]", re.DOTALL)
_COUNTS = "<!-- counts, written by build.py -->\n"

Record = dict[str, Any]


def build() -> list[Record]:
    """Every document of every source, as it stands in prompts.jsonl.

    Raises:
        ValueError: a label, kind of secret or id that isn't known or is used twice, or markup that
            is left over.
    """
    records = [record for path in _sources() for record in _read(path)]
    repeated = [
        key for key, count in Counter(record["id"] for record in records).items() if count > 1
    ]
    if repeated:
        raise ValueError(f"ids used twice: {repeated}")
    return records


def to_lines(records: list[Record]) -> str:
    """The content of prompts.jsonl."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def counted(readme: str, records: list[Record]) -> str:
    """The README with its counts, which stand at its end, made current."""
    return readme[: readme.index(_COUNTS)] + _COUNTS + _counts(records)


def parse(marked: str, name: str) -> tuple[str, list[Record]]:
    """The text without markup, and its spans in order; `name` is for messages."""
    pieces: list[str] = []
    spans: list[Record] = []
    end = length = 0
    for mark in _MARK.finditer(marked):
        label, value = mark.groups()
        _check(label, value, name)
        pieces += (marked[end : mark.start()], value)
        start = length + mark.start() - end
        length, end = start + len(value), mark.end()
        spans.append({"start": start, "end": length, "label": label})
    text = "".join((*pieces, marked[end:]))
    if "[[" in text or "]]" in text:
        raise ValueError(f"{name}: markup left over")
    return text, spans


def _sources() -> list[Path]:
    return [path for lang in LANGUAGES for path in sorted((HERE / "sources" / lang).glob("*.txt"))]


def _read(path: Path) -> Iterator[Record]:
    lang, genre = path.parent.name, path.stem
    _, *documents = _START.split(path.read_text(encoding="utf-8"))
    for key, body in zip(documents[::2], documents[1::2], strict=True):
        if not key.startswith(f"{lang}-{genre}-"):
            raise ValueError(f"{key} doesn't belong into {path.name}")
        text, spans = parse(body.strip("\n"), key)
        yield {"id": key, "text": text, "spans": spans, "lang": lang, "src": f"privet/{genre}"}


def _check(label: str, value: str, name: str) -> None:
    if label not in LABELS:
        raise ValueError(f"{name}: unknown label {label}")
    if not value or value != value.strip() or "[[" in value:
        raise ValueError(f"{name}: a {label} is empty, padded or nested")
    secret = SECRET.search(value)
    if secret and (secret.group() != value or secret.group(1) not in kinds()):
        raise ValueError(f"{name}: a secret of an unknown kind, or with more around it")


def _counts(records: list[Record]) -> str:
    labels = Counter(span["label"] for record in records for span in record["spans"])
    rows = {
        "language": Counter(record["lang"] for record in records),
        "genre": Counter(record["src"].removeprefix("privet/") for record in records),
        "label (spans)": labels,
    }
    nothing = sum(all(s["label"] in IMPERSONAL for s in record["spans"]) for record in records)
    size = sum(len(record["text"]) for record in records)
    total = f"{len(records)} documents ({nothing} with nothing personal), {size:,} characters"
    lines = [f"{total}, {labels.total():,} spans.\n", "| by | counts |", "|---|---|"]
    for by, counts in rows.items():
        listed = ", ".join(f"{name} {count}" for name, count in counts.most_common())
        lines.append(f"| {by} | {listed} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write both files."""
    records = build()
    PROMPTS.write_text(to_lines(records), encoding="utf-8")
    README.write_text(counted(README.read_text(encoding="utf-8"), records), encoding="utf-8")


if __name__ == "__main__":
    main()
