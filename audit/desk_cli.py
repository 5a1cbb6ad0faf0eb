"""`privet audit desk, index, search, export, report`: a compliance officer's questions."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from audit import export
from audit.asking import folder_of, held_checkpoints, private_keys
from audit.desk import make_desk, open_desk
from audit.errors import AuditError
from audit.index import slots_of, update
from audit.keys import load_verifier_keys
from audit.moments import day, iso, last_day, period
from audit.note import VerifierKey
from audit.record import JSON, Kind
from audit.report import Report
from audit.search import Hit, Query, search, unknown
from audit.selecting import open_hits
from audit.summary import summarise
from audit.summary_html import page
from audit.summary_pdf import pdf
from audit.verify import verify
from audit.verify_site import is_site, verify_site

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_FORMATS = {"jsonl": export.jsonl, "csv": export.as_csv, "ocsf": export.ocsf}


def add_commands(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verbs; each sets `run`: namespace -> exit code."""
    desk = commands.add_parser("desk", help="set up an officer's desk: index, key and access log")
    desk.add_argument("folder", type=Path)
    desk.add_argument("--officer", required=True, help="who works here, like dpo@acme")
    desk.add_argument(
        "--recipient",
        type=Path,
        action="append",
        required=True,
        help="public file of who may read what the officer asked for",
    )
    desk.set_defaults(run=_desk)

    index = commands.add_parser("index", help="bring the search index up to date")
    index.add_argument("directory", type=Path, help="the site's folder, or a copy of it")
    index.add_argument("--open", type=Path, action="append", required=True, metavar="PRIVATE")
    index.add_argument("--desk", type=Path, required=True)
    index.set_defaults(run=_index)

    find = commands.add_parser("search", help="which requests a person, team or rule occurs in")
    _add_query(find)
    find.add_argument("--json", action="store_true", help="JSON Lines")
    find.set_defaults(run=_search)

    out = commands.add_parser("export", help="the records that a search finds, opened and checked")
    out.add_argument("directory", type=Path, help="the site's folder, or a copy of it")
    _add_query(out)
    out.add_argument("--open", type=Path, action="append", required=True, metavar="PRIVATE")
    out.add_argument("--key", type=Path, required=True, help="file of the verifier key(s)")
    out.add_argument("--format", choices=sorted(_FORMATS), default="jsonl")
    out.add_argument("--out", type=Path, required=True)
    out.set_defaults(run=_export)

    report = commands.add_parser("report", help="a period in figures, for an auditor")
    report.add_argument("directory", type=Path, help="the site's folder, or a copy of it")
    report.add_argument("--period", type=period, required=True, help="2026, 2026-Q4 or 2026-10")
    report.add_argument("--desk", type=Path, required=True)
    report.add_argument("--key", type=Path, required=True, help="file of the verifier key(s)")
    report.add_argument("--since", type=Path, action="append", default=[], help="held checkpoint")
    report.add_argument("--html", type=Path, metavar="OUT", help="as a web page")
    report.add_argument("--pdf", type=Path, metavar="OUT", help="to be filed; needs privet[pdf]")
    report.set_defaults(run=_report)


def _add_query(parser: ArgumentParser) -> None:
    parser.add_argument("value", nargs="?", help="an address, number or name, in any spelling")
    for name in ("team", "app", "provider", "model", "rule", "exchange"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--class", dest="data_class", metavar="CLASS")
    parser.add_argument("--since", type=day, metavar="DAY", help="from this day on (UTC)")
    parser.add_argument("--until", type=last_day, metavar="DAY", help="up to and with this day")
    parser.add_argument("--refused", action="store_true", help="refusals, too")
    parser.add_argument("--desk", type=Path, required=True)


def _query(arguments: Namespace) -> Query:
    return Query(**{name: getattr(arguments, name) for name in Query.__slots__})


def _facts(arguments: Namespace) -> dict[str, JSON]:
    """What of a query stands in the access record's body: everything but the person."""
    names = (name for name in Query.__slots__ if name != "value")
    return {name: value for name in names if (value := getattr(arguments, name)) is not None}


def _desk(arguments: Namespace) -> int:
    desk = make_desk(arguments.folder, arguments.officer, arguments.recipient)
    print(f"{desk.folder} is the desk of {desk.officer}.")
    print(f"What is asked there is recorded in {desk.folder / 'access'}, a log like any other:")
    print(f"  privet audit verify {desk.folder / 'access'} --key {desk.folder / 'access.pub'}")
    return 0


def _index(arguments: Namespace) -> int:
    desk = open_desk(arguments.desk)
    site = folder_of(arguments.directory)
    desk.record("index", {})
    done = update(desk.index_path, site, desk.index_key(), private_keys(arguments))
    print(f"{done.records} records added; {done.forgotten} erased values forgotten")
    return 0


def _search(arguments: Namespace) -> int:
    desk = open_desk(arguments.desk)
    query = _query(arguments)
    with closing(desk.index()) as index:
        desk.record("search", _facts(arguments), query.value)
        count = 0
        for hit in search(index, desk.index_key(), query):
            count += 1
            print(json.dumps(_as_json(hit)) if arguments.json else _as_text(hit))
        _say_how_many(index, query, count)
    return 0


def _say_how_many(index: sqlite3.Connection, query: Query, count: int) -> None:
    print(f"{count} requests found", file=sys.stderr)
    if query.value is not None and (unrecorded := unknown(index, query)):
        print(
            f"not recorded: {unrecorded} requests in this range never had their values recorded, or"
            " some were erased since; nothing is known of those",
            file=sys.stderr,
        )


def _as_text(hit: Hit) -> str:
    where = f"{hit.provider}/{hit.model}" if hit.provider else "not sent"
    rules = " ".join(hit.rules)
    return (
        f"{iso(hit.time)}  {hit.exchange}  {hit.team}/{hit.app} -> {where}"
        f"  class={hit.data_class} rules={rules} {hit.outcome or 'open'}"
    )


def _as_json(hit: Hit) -> dict[str, object]:
    return {
        "log": hit.origin,
        "sequence": hit.sequence,
        "kind": hit.kind.name.lower(),
        "time": iso(hit.time),
        "exchange": hit.exchange,
        "team": hit.team,
        "app": hit.app,
        "provider": hit.provider,
        "model": hit.model,
        "class": hit.data_class,
        "rules": list(hit.rules),
        "outcome": hit.outcome,
    }


def _export(arguments: Namespace) -> int:
    desk = open_desk(arguments.desk)
    query, keys = _query(arguments), private_keys(arguments)
    slots = slots_of(folder_of(arguments.directory))
    verifiers = load_verifier_keys(arguments.key)
    with closing(desk.index()) as index:
        hits = list(search(index, desk.index_key(), query))
        facts: dict[str, JSON] = {**_facts(arguments), "format": arguments.format}
        desk.record("export", {**facts, "requests": len(hits)}, query.value)
        count = 0

        def counted() -> Iterator[export.Item]:
            nonlocal count
            for item in open_hits(slots, hits, keys, verifiers):
                count += 1
                yield item

        with arguments.out.open("x", encoding="utf-8", newline="") as file:
            file.writelines(_FORMATS[arguments.format](counted()))
        print(f"{arguments.out}: {count} requests, each in the signed tree", file=sys.stderr)
        _say_how_many(index, query, len(hits))
    return 0


def _report(arguments: Namespace) -> int:
    outs = [out for out in (arguments.html, arguments.pdf) if out is not None]
    if not outs:
        raise AuditError("say where the report goes: --html OUT, --pdf OUT")
    desk = open_desk(arguments.desk)
    site, keys = folder_of(arguments.directory), load_verifier_keys(arguments.key)
    since = held_checkpoints(arguments.since)
    first, last = arguments.period
    desk.record("report", {"since": first, "until": last})
    checks = _checks(site, keys, since)
    with closing(desk.index()) as index:
        summary = summarise(index, first, last)
    text = page(summary, checks, desk.officer, time.time_ns())
    for out in outs:
        out.write_bytes(pdf(text) if out == arguments.pdf else text.encode())
        print(f"{out}: {summary.total(Kind.INTENT)} requests", file=sys.stderr)
    return max(report.exit_code for report in checks)


def _checks(site: Path, keys: list[VerifierKey], since: list[str]) -> list[Report]:
    if is_site(site):
        return verify_site(site, keys, since=since)
    return [verify(site, keys, since=since)]
