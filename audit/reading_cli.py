"""`privet audit show, prove, verify-proof`: single records, opened, and proofs of them."""

from __future__ import annotations

import base64
import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from audit.asking import add_reader, folder_of, on_record, private_keys
from audit.certificate import check_certificate, is_certificate
from audit.errors import AuditError, FormatError
from audit.export import as_json
from audit.index import slots_of
from audit.keys import load_verifier_keys
from audit.moments import iso
from audit.proof import inclusion, prove, verify_proof
from audit.reading import Reader, Record

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_commands(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verbs; each sets `run`: namespace -> exit code."""
    show = commands.add_parser("show", help="print opened records as JSON Lines")
    show.add_argument("directory", type=Path, help="a slot's folder, or the site's")
    show.add_argument("id", nargs="?", help="an exchange id; without one, everything")
    add_reader(show)
    show.set_defaults(run=_show)

    proof = commands.add_parser("prove", help="write proofs of an exchange's records, to hand on")
    proof.add_argument("directory", type=Path, help="a slot's folder, or the site's")
    proof.add_argument("id", help="an exchange id")
    proof.add_argument("--out", type=Path, required=True, help="a folder for the proof files")
    add_reader(proof)
    proof.set_defaults(run=_prove)

    check = commands.add_parser(
        "verify-proof", help="check a proof file or a certificate: print it"
    )
    check.add_argument("file", type=Path)
    check.add_argument("--key", type=Path, required=True, help="file of the verifier key(s)")
    check.set_defaults(run=_verify_proof)


def _show(arguments: Namespace) -> int:
    slots = slots_of(folder_of(arguments.directory))
    on_record(arguments, "show", {"exchange": arguments.id or "everything"})
    shown = 0
    for slot in slots:
        with Reader(slot, private_keys(arguments)) as reader:
            for record in reader.records(arguments.id):
                shown += 1
                document = {"log": slot.name, **as_json(record), "inclusion": _place(slot, record)}
                print(json.dumps(document, ensure_ascii=False))
    if arguments.id and not shown:
        raise AuditError("no log here has a record of that exchange")
    return 0


def _place(slot: Path, record: Record) -> dict[str, object] | None:
    """A record's inclusion proof in the newest checkpoint; None while none covers it."""
    try:
        note, path = inclusion(slot, record.opened.sequence)
    except (FormatError, FileNotFoundError):
        return None
    return {"checkpoint": note, "path": [base64.b64encode(one).decode() for one in path]}


def _prove(arguments: Namespace) -> int:
    slots = slots_of(folder_of(arguments.directory))
    on_record(arguments, "prove", {"exchange": arguments.id})
    keys = private_keys(arguments)
    arguments.out.mkdir(parents=True, exist_ok=True)
    written = 0
    for slot in slots:
        with Reader(slot, keys) as reader:
            for record in reader.records(arguments.id):
                path = arguments.out / f"{slot.name}-{record.opened.sequence}.proof.json"
                path.write_text(prove(slot, record, keys) + "\n", encoding="utf-8")
                print(path)
                written += 1
    if not written:
        raise AuditError("no log here has a record of that exchange")
    return 0


def _verify_proof(arguments: Namespace) -> int:
    keys, text = load_verifier_keys(arguments.key), arguments.file.read_text("utf-8", "replace")
    if is_certificate(text):
        certificate = check_certificate(text, keys)
        print(
            "holds: the signed trees have these records; ground, approvers and backups are the word"
            " of who made it",
            file=sys.stderr,
        )
        print(certificate.as_text())
        return 0 if certificate.complete else 2
    proven = verify_proof(text, keys)
    name, size = proven.checkpoint.origin, proven.checkpoint.size
    print(
        f"holds: record {proven.sequence} of {name}, in the tree of {size} records", file=sys.stderr
    )
    document = {
        "log": name,
        "sequence": proven.sequence,
        "kind": proven.kind.name.lower().replace("_", "-"),
        "time": iso(proven.time),
        "exchange": proven.exchange_id,
        "body": proven.body,
        "contents": {
            name: None if data is None else data.decode("utf-8", "replace")
            for name, data in proven.contents
        },
    }
    print(json.dumps(document, ensure_ascii=False, indent=1))
    return 0
