"""`privet detect …`: what it takes, and which part does it."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxy.detect.knowledge.read import Knowledge
    from proxy.detect.settings import DetectSettings

#: A part's imports are local to its command: loading spaCy takes seconds.


def add_commands(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verbs of `privet detect`."""
    scan = verbs.add_parser("scan", help="findings as JSON Lines: id, and spans in characters")
    scan.add_argument(
        "files",
        nargs="*",
        default=["-"],
        metavar="FILE",
        help="text, or JSON Lines with `text` and optional `id`; - is standard input, the default",
    )
    scan.set_defaults(run=_detect_scan)
    test = verbs.add_parser("test", help="run the tests of knowledge files; exit 1 if one fails")
    test.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="default: those that privet.yaml names"
    )
    test.set_defaults(run=_detect_test)
    explain = verbs.add_parser("explain", help="who found what in a text, and why")
    explain.add_argument("text", help="the text, or - for standard input")
    explain.add_argument("--json", action="store_true")
    explain.set_defaults(run=_detect_explain)
    measure = verbs.add_parser(
        "eval", help="precision, recall and speed on annotated text, beside stock Presidio"
    )
    measure.add_argument(
        "files", nargs="+", metavar="FILE", help="JSON Lines: text, spans [{start, end, label}]"
    )
    measure.add_argument("--json", action="store_true")
    measure.add_argument("--html", type=Path, metavar="OUT", help="also write a page with errors")
    measure.add_argument("--no-stock", action="store_true", help="leave stock Presidio out")
    measure.add_argument(
        "--limit", type=_positive, metavar="N", help="the first N documents of each"
    )
    measure.add_argument(
        "--only", default="", metavar="ENTITY,…", help="score these entities, and no others"
    )
    measure.set_defaults(run=_detect_eval)
    for verb in (scan, explain, test, measure):
        add_detection(verb)
    for verb in (scan, measure):
        verb.add_argument("--processes", type=_positive, metavar="N")


def add_detection(parser: argparse.ArgumentParser) -> None:
    """Add what says how to detect, for a command that doesn't serve."""
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="detect as this privet.yaml says; default: as Privet does without settings",
    )
    parser.add_argument(
        "--tier", choices=("fast", "balanced", "thorough"), help="instead of the configured one"
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def detection(chosen: argparse.Namespace) -> tuple[DetectSettings, Knowledge]:
    """How to detect, and what the customer knows; raises ConfigError."""
    from proxy import config
    from proxy.detect.knowledge.read import Knowledge
    from proxy.detect.settings import DetectSettings
    from proxy.serving import services

    settings, knowledge = DetectSettings(), Knowledge()
    if chosen.config is not None:
        configuration = config.load(chosen.config, os.environ)
        settings = services.detect_settings(configuration)
        knowledge = services.knowledge(configuration)
    asked = {
        name: value
        for name in ("tier", "processes")
        if (value := getattr(chosen, name, None)) is not None
    }
    return replace(settings, **asked), knowledge


def _detect_scan(chosen: argparse.Namespace) -> int:
    from proxy.commands import detecting

    settings, knowledge = detection(chosen)
    asyncio.run(detecting.scan(chosen.files, settings, knowledge, partial(print, flush=True)))
    return 0


def _detect_test(chosen: argparse.Namespace) -> int:
    from proxy.commands import detecting
    from proxy.detect.knowledge.read import load

    settings, knowledge = detection(chosen)
    if chosen.files:
        knowledge = load(chosen.files)
    results = asyncio.run(detecting.test(settings, knowledge))
    for result in results:
        print(result.render())
    failed = sum(bool(result.differences) for result in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    if not results:
        print("no tests: name a knowledge file, or a privet.yaml by --config", file=sys.stderr)
    return int(failed > 0 or not results)


def _detect_explain(chosen: argparse.Namespace) -> int:
    from proxy.commands import detecting

    text = sys.stdin.read() if chosen.text == "-" else chosen.text
    told = asyncio.run(detecting.explain(text, *detection(chosen)))
    print(json.dumps(told.as_dict(), indent=2) if chosen.json else told.render())
    return 0


def _detect_eval(chosen: argparse.Namespace) -> int:
    from proxy.commands import detecting
    from proxy.detect.evaluation import html as eval_html
    from proxy.detect.evaluation import report as eval_report

    settings, knowledge = detection(chosen)
    sections = asyncio.run(
        detecting.evaluate(
            chosen.files,
            settings,
            knowledge,
            with_stock=not chosen.no_stock,
            limit=chosen.limit,
            only=frozenset(filter(None, chosen.only.split(","))),
        )
    )
    if chosen.html is not None:
        chosen.html.write_text(eval_html.page(sections), encoding="utf-8")
    if chosen.json:
        print(json.dumps(eval_report.as_dict(sections), indent=2))
    else:
        print(eval_report.as_text(sections))
    return 0
