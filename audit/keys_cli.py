"""`privet audit keygen, reseal`: keys of auditors and approvers; a reader who came later."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from audit.asking import add_reader, folder_of, on_record, private_keys
from audit.cosignature import WitnessKey
from audit.frame import CORE, INDEX
from audit.index import slots_of
from audit.keys import (
    generate_recipient,
    generate_signing_key,
    load_recipient,
    write_verifier_key,
)
from audit.readers import reseal

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_commands(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verbs; each sets `run`: namespace -> exit code."""
    make = commands.add_parser("keygen", help="make somebody's keys, private and public")
    make.add_argument("role", choices=["auditor", "indexer", "approver", "witness"])
    make.add_argument("name", help="like dpo@acme")
    make.add_argument("--out", type=Path, default=Path(), help="folder; default: this one")
    make.add_argument("--hybrid", action="store_true", help="who opens records: ML-KEM-768, X25519")
    make.set_defaults(run=_keygen)

    add = commands.add_parser("reseal", help="let one more auditor read what is recorded already")
    add.add_argument("directory", type=Path, help="the site's folder, or a slot's")
    add.add_argument("--reader", type=Path, required=True, help="the new auditor's public file")
    add.add_argument("--indexer", action="store_true", help="for the index sections alone")
    add_reader(add)
    add.set_defaults(run=_reseal)


def _reseal(arguments: Namespace) -> int:
    reader = load_recipient(arguments.reader, INDEX if arguments.indexer else CORE)
    slots = slots_of(folder_of(arguments.directory))
    on_record(arguments, "reseal", {"reader": reader.name, "key_id": reader.key_id.hex()})
    for slot in slots:
        count = reseal(slot, private_keys(arguments), reader)
        print(f"{slot.name}: {reader.name} can read {count} segments more")
    return 0


def _keygen(arguments: Namespace) -> int:
    stem = arguments.name.rpartition("/")[2]
    private, public = arguments.out / f"{stem}.key", arguments.out / f"{stem}.pub"
    if arguments.role == "witness":
        key = WitnessKey(arguments.name, generate_signing_key(private).public_key())
        public.write_text(f"{key}\n", encoding="utf-8")
    elif arguments.role in {"auditor", "indexer"}:
        generate_recipient(arguments.name, private, public, hybrid=arguments.hybrid)
    else:
        write_verifier_key(public, arguments.name, generate_signing_key(private))
    print(f"{private}: keep it, and keep it to yourself")
    print(f"{public}: hand it to the operator")
    return 0
