"""`privet audit erase, approve, submit, adopt, certificate`: from an order to its certificate."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from argparse import ArgumentParser, Namespace
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from audit.asking import add_reader, folder_of, on_record, private_keys
from audit.certificate import certify
from audit.desk import open_desk
from audit.frame import INDEX
from audit.index import slots_of
from audit.keys import load_recipient, load_signing_key, load_verifier_keys
from audit.log import AuditLog
from audit.note import VerifierKey
from audit.order import approve, new_order, open_order, read_order, unsigned
from audit.orders import carry_out, submit
from audit.recipients import Pair, Recipient
from audit.slot import origin_of
from audit.subject import find_subject

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_commands(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verbs; each sets `run`: namespace -> exit code."""
    erase = commands.add_parser("erase", help="prepare the erasure of a person's data")
    erase.add_argument("directory", type=Path, help="the site's folder, or a fresh copy of it")
    erase.add_argument("--subject", required=True, help="the person's address, number or name")
    erase.add_argument("--basis", required=True, help="the ground, like gdpr-17")
    erase.add_argument("--backup-days", type=int, default=30, help="highest age of a backup")
    erase.add_argument("--out", type=Path, required=True, help="the order, to be approved")
    add_reader(erase)
    erase.set_defaults(run=_erase)

    sign = commands.add_parser("approve", help="sign an erasure order; two approvers are needed")
    sign.add_argument("order", type=Path)
    sign.add_argument("--name", required=True, help="your name, as in your public file")
    sign.add_argument("--key", type=Path, required=True, help="your private key")
    sign.set_defaults(run=_approve)

    send = commands.add_parser("submit", help="lay an approved order before the serving processes")
    send.add_argument("order", type=Path)
    send.add_argument("directory", type=Path, help="the site's folder")
    _add_approvers(send)
    send.set_defaults(run=_submit)

    adopt = commands.add_parser("adopt", help="carry out orders in a log that nobody writes now")
    adopt.add_argument("directory", type=Path, help="the slot's folder, in its site")
    adopt.add_argument("--signing-key", type=Path, required=True)
    adopt.add_argument(
        "--recipient",
        type=_together,
        action="append",
        required=True,
        metavar="PUBLIC[,PUBLIC]",
        help="as in privet.yaml; several with commas between them, who read together only",
    )
    adopt.add_argument("--indexer", type=Path, action="append", default=[], metavar="PUBLIC")
    _add_approvers(adopt)
    adopt.set_defaults(run=_adopt)

    paper = commands.add_parser("certificate", help="what became of an order, with proof")
    paper.add_argument("order", type=Path)
    paper.add_argument("directory", type=Path, help="the site's folder, or a copy of it")
    paper.add_argument("--key", type=Path, required=True, help="file of the verifier key(s)")
    paper.add_argument("--desk", type=Path, help="whose index is to have forgotten it, too")
    paper.add_argument("--out", type=Path, help="also write it as JSON, with the proofs")
    _add_approvers(paper)
    paper.set_defaults(run=_certificate)


def _together(names: str) -> tuple[Path, ...]:
    return tuple(map(Path, names.split(",")))


def _loaded(paths: tuple[Path, ...]) -> tuple[Recipient, ...]:
    return tuple(map(load_recipient, paths))


def _add_approvers(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--approver", type=Path, action="append", required=True, help="public file of an approver"
    )


def _approvers(arguments: Namespace) -> list[VerifierKey]:
    return [key for path in arguments.approver for key in load_verifier_keys(path)]


def _erase(arguments: Namespace) -> int:
    slots = slots_of(folder_of(arguments.directory))
    on_record(arguments, "erase", {"basis": arguments.basis}, arguments.subject)
    found = find_subject(slots, arguments.subject, private_keys(arguments))
    order = new_order(arguments.basis, time.time_ns(), arguments.backup_days, found.rows)
    count = sum(len(rows) for rows in order.rows.values())
    if found.unrecorded:
        print(
            f"{found.unrecorded} requests were recorded without the values that were found in them:"
            " there the person is found only where a text spells the value out",
            file=sys.stderr,
        )
    if not count:
        print("nothing is recorded that could be erased", file=sys.stderr)
        return 1
    with arguments.out.open("x", encoding="utf-8") as file:
        file.write(unsigned(order))
    print(f"{arguments.out}: order {order.id}, {count} contents of {found.exchanges} exchanges")
    return 0


def _approve(arguments: Namespace) -> int:
    note = arguments.order.read_text("utf-8", "replace")
    order = read_order(note)
    key = load_signing_key(arguments.key)
    arguments.order.write_text(approve(note, arguments.name, key), encoding="utf-8")
    print(f"{arguments.name} approves order {order.id} on the ground {order.basis}:")
    for origin, rows in order.rows.items():
        print(f"  {origin}: {len(rows)} contents")
    return 0


def _submit(arguments: Namespace) -> int:
    note = arguments.order.read_text("utf-8", "replace")
    order = submit(folder_of(arguments.directory), note, _approvers(arguments))
    print(f"order {order.id} lies before the serving processes")
    return 0


def _adopt(arguments: Namespace) -> int:
    slot: Path = folder_of(arguments.directory).resolve()
    log = AuditLog.open(
        slot,
        origin=origin_of(slot),
        signing_key=load_signing_key(arguments.signing_key),
        recipients=[
            *(one[0] if len(one) == 1 else Pair(one) for one in map(_loaded, arguments.recipient)),
            *(load_recipient(path, INDEX) for path in arguments.indexer),
        ],
        clock=time.time_ns,
    )
    return asyncio.run(_carry_out(log, slot, _approvers(arguments)))


async def _carry_out(log: AuditLog, slot: Path, approvers: list[VerifierKey]) -> int:
    try:
        answers = await carry_out(log, slot.parent, slot.name, approvers)
        expired = await log.expire()
    finally:
        await log.close()
    for answer in answers:
        words = f"refused: {answer.refused}" if answer.refused else f"{answer.rows} contents erased"
        print(f"{answer.order}: {words}")
    print(f"{expired} contents erased whose retention had ended")
    return 2 if any(answer.refused for answer in answers) else 0


def _certificate(arguments: Namespace) -> int:
    order, names = open_order(arguments.order.read_text("utf-8", "replace"), _approvers(arguments))
    slots = slots_of(folder_of(arguments.directory))
    keys = load_verifier_keys(arguments.key)
    if arguments.desk is None:
        certificate = certify(slots, order, names, keys)
    else:
        with closing(open_desk(arguments.desk).index()) as index:
            certificate = certify(slots, order, names, keys, index)
    print(certificate.as_text())
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(certificate.as_json(), indent=1) + "\n", "utf-8")
    return 0 if certificate.complete else 2
