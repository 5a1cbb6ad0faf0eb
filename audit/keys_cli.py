"""`privet audit keygen`: the keys of auditors and approvers, made on their own machines."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from audit.keys import generate_recipient, generate_signing_key, write_verifier_key

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_commands(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verb; it sets `run`: namespace -> exit code."""
    make = commands.add_parser("keygen", help="make an auditor's or an approver's pair of keys")
    make.add_argument("role", choices=["auditor", "approver"])
    make.add_argument("name", help="like dpo@acme")
    make.add_argument("--out", type=Path, default=Path(), help="folder; default: this one")
    make.set_defaults(run=_keygen)


def _keygen(arguments: Namespace) -> int:
    private = arguments.out / f"{arguments.name}.key"
    public = arguments.out / f"{arguments.name}.pub"
    if arguments.role == "auditor":
        generate_recipient(arguments.name, private, public)
    else:
        write_verifier_key(public, arguments.name, generate_signing_key(private))
    print(f"{private}: keep it, and keep it to yourself")
    print(f"{public}: hand it to the operator")
    return 0
