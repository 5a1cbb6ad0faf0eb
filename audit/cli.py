"""`privet audit …`: the whole list of commands; verify and checkpoint are here.

Needs the standard library and cryptography.

Exit codes: 0 nothing found; 1 warnings only; 2 findings, or the command could not do its work.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audit import desk_cli, erasure_cli, keys_cli, reading_cli
from audit.asking import folder_of, held_checkpoints, private_keys
from audit.cosignature import WitnessKey, load_witness_keys
from audit.errors import AuditError, FormatError
from audit.keys import load_verifier_keys
from audit.layout import newest_note
from audit.moments import iso
from audit.verify import verify
from audit.verify_site import is_site, verify_site
from audit.witness import ask, cosigned

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add_commands(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Add the audit verbs to a parser's sub-commands. Each sets `run`: namespace -> exit code."""
    check = commands.add_parser("verify", help="check a log or a whole site, from a copy, offline")
    check.add_argument("directory", type=Path, help="a slot's folder, or the site's")
    check.add_argument("--key", type=Path, required=True, help="file of the verifier key(s)")
    check.add_argument(
        "--since",
        type=Path,
        action="append",
        default=[],
        help="a file with checkpoints that were kept elsewhere, or a collector's log with some",
    )
    check.add_argument(
        "--open", type=Path, metavar="PRIVATE", action="append", help="also open every record"
    )
    check.add_argument(
        "--witness",
        type=Path,
        help="a witness's key file: what it cosigned counts as held, if --since names nothing",
    )
    check.add_argument("--json", action="store_true", help="print the report as JSON")
    check.set_defaults(run=_verify)

    newest = commands.add_parser("checkpoint", help="print the newest checkpoint, to be kept")
    newest.add_argument("directory", type=Path, help="a slot's folder, or the site's")
    newest.set_defaults(run=_checkpoint)

    seen = commands.add_parser("witness", help="have the newest checkpoints cosigned elsewhere")
    seen.add_argument("directory", type=Path, help="a slot's folder, or the site's")
    seen.add_argument("--url", required=True, help="the witness's submission prefix")
    seen.add_argument("--witness", type=Path, required=True, help="file of its key")
    seen.set_defaults(run=_witness)

    reading_cli.add_commands(commands)
    desk_cli.add_commands(commands)
    erasure_cli.add_commands(commands)
    keys_cli.add_commands(commands)


def run(arguments: Namespace) -> int:
    """Run a parsed command; problems are one line on stderr and exit code 2."""
    try:
        code: int = arguments.run(arguments)
    except (AuditError, FormatError, OSError, sqlite3.Error) as error:
        print(f"privet audit: {error}", file=sys.stderr)
        return 2
    return code


def main(argv: list[str] | None = None) -> int:
    """``python -m audit``: the same verbs without the proxy installed."""
    parser = argparse.ArgumentParser(prog="privet audit", description=__doc__)
    add_commands(parser.add_subparsers(title="commands", metavar="COMMAND", required=True))
    return run(parser.parse_args(argv))


def _verify(arguments: Namespace) -> int:
    keys = load_verifier_keys(arguments.key)
    recipient = private_keys(arguments) if arguments.open else None
    since = held_checkpoints(arguments.since)
    if arguments.witness and not since:
        since = _cosigned(arguments.directory, load_witness_keys(arguments.witness))
    if not arguments.directory.is_dir():
        raise AuditError(f"{arguments.directory} is not a folder")
    if is_site(arguments.directory):
        reports = verify_site(arguments.directory, keys, recipient=recipient, since=since)
    else:
        reports = [verify(arguments.directory, keys, recipient=recipient, since=since)]
    held = {note.partition("\n")[0] for note in since}
    for origin in sorted(held - {report.origin for report in reports}):
        print(f"of {origin} there is no log here: its checkpoints say nothing", file=sys.stderr)
    if arguments.json:
        print(json.dumps([report.as_json() for report in reports], indent=2))
    else:
        print("\n".join(report.as_text() for report in reports))
    return max(report.exit_code for report in reports)


def _logs(folder: Path) -> list[Path]:
    """The folders that hold checkpoints: of a slot, or of a site's logs with the manifest."""
    if not is_site(folder):
        return [folder]
    inside = (path for path in sorted(folder.iterdir()) if path.is_dir())
    return [path for path in inside if not is_site(path)]


def _cosigned(folder: Path, witnesses: list[WitnessKey]) -> list[str]:
    """The checkpoints that a witness signed last, which are then held; says how old each is."""
    notes = []
    for one in _logs(folder):
        for witness in witnesses:
            if (found := cosigned(one, witness)) is not None:
                note, seconds = found
                print(
                    f"{one.name}: seen by {witness.name} at {iso(seconds * 10**9)}", file=sys.stderr
                )
                notes.append(note)
    if not notes:
        raise AuditError("no checkpoint here is signed by that witness")
    return notes


def _witness(arguments: Namespace) -> int:
    worst = 0
    for folder in _logs(folder_of(arguments.directory)):
        for witness in load_witness_keys(arguments.witness):
            try:
                size = ask(folder, arguments.url, witness)
                print(f"{folder.name}: {witness.name} signed the checkpoint of {size} records")
            except AuditError as error:
                print(f"{folder.name}: {error}", file=sys.stderr)
                worst = 2
    return worst


def _checkpoint(arguments: Namespace) -> int:
    folders = _logs(arguments.directory)
    for one in folders:
        print(newest_note(one)[0], end="" if one == folders[-1] else "\n")
    return 0
