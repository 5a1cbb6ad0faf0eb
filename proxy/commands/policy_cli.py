"""`privet policy …`: what each verb takes, and what it prints.

Exit codes: 0 all is well; 1 the policy is wrong, a test failed, an invariant is broken, or the
change loosens; 2 bad usage, or a file that can't be read as what it should be.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import warnings
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from audit.asking import add_reader, folder_of, on_record, private_keys
from proxy.commands import signing_cli
from proxy.commands.detect_cli import add_detection, detection
from proxy.commands.scaffold import PACKS
from proxy.yaml_file import ConfigError

if TYPE_CHECKING:
    from proxy.policy.replay import Recorded


def add_commands(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the policy verbs to a parser's sub-commands. Each sets `run`: namespace -> exit code."""
    lint = verbs.add_parser("lint", help="everything that is wrong or odd, as file:line:col")
    lint.add_argument("file", type=Path, metavar="POLICY")
    add_detection(lint)
    lint.set_defaults(run=_lint)

    test = verbs.add_parser("test", help="run the cases and invariants of *.test.yaml files")
    test.add_argument("files", type=Path, nargs="+", metavar="FILE")
    test.add_argument("--junit", type=Path, metavar="OUT", help="also write JUnit XML, for CI")
    test.set_defaults(run=_test)

    explain = verbs.add_parser("explain", help="what is found, and who may see what of it, and why")
    about = explain.add_mutually_exclusive_group(required=True)
    about.add_argument("text", nargs="?", help="a text, or - for standard input")
    about.add_argument("--file", type=Path, metavar="FILE", help="the text of a file")
    about.add_argument(
        "--facts",
        metavar="YAML",
        help="nothing is detected; these were found, as in '{entities: [PERSON], opaque: [image]}'",
    )
    explain.add_argument("--policy", type=Path, metavar="FILE", help="default: the starter policy")
    explain.add_argument("--provider", help="only this one")
    _add_caller(explain)
    explain.add_argument("--json", action="store_true")
    add_detection(explain)
    explain.set_defaults(run=_explain)

    matrix = verbs.add_parser("matrix", help="each entity at each provider, for one caller")
    matrix.add_argument("file", type=Path, metavar="POLICY")
    _add_caller(matrix)
    matrix.add_argument("--json", action="store_true")
    matrix.set_defaults(run=_matrix)

    diff = verbs.add_parser("diff", help="what a change opens and closes, in effect")
    diff.add_argument("old", type=Path, metavar="OLD")
    diff.add_argument("new", type=Path, metavar="NEW")
    diff.add_argument("--on", type=_day, metavar="DAY", help="compare from this day on")
    diff.add_argument("--json", action="store_true")
    diff.add_argument(
        "--fail-on-loosening", action="store_true", help="exit code 1 if anything is opened"
    )
    diff.set_defaults(run=_diff)

    prove = verbs.add_parser("prove", help="an invariant for every request there can be")
    prove.add_argument(
        "file", type=Path, metavar="FILE", help="a test file, or a policy if INVARIANT is given"
    )
    prove.add_argument(
        "invariant",
        nargs="?",
        metavar="INVARIANT",
        help="as in a test file: '{entities: [US_SSN], to: {region: us}, never: sent}'",
    )
    prove.add_argument("--on", type=_day, metavar="DAY", help="from this day on")
    prove.set_defaults(run=_prove)

    replay = verbs.add_parser("replay", help="recorded decisions against another policy")
    replay.add_argument(
        "directory", type=Path, metavar="LOG", help="a slot's folder, or the site's"
    )
    replay.add_argument("file", type=Path, metavar="POLICY")
    replay.add_argument("--json", action="store_true")
    add_reader(replay)
    replay.set_defaults(run=_replay)

    signing_cli.add_commands(verbs)

    schema = verbs.add_parser("schema", help="the JSON Schema of a policy file, for editors")
    schema.set_defaults(run=_schema)

    init = verbs.add_parser("init", help="write a policy and its tests, to begin with")
    init.add_argument("pack", help=f"one of {', '.join(PACKS)}")
    init.add_argument("folder", type=Path, nargs="?", default=Path(), metavar="DIR")
    init.set_defaults(run=_init)


def _add_caller(parser: argparse.ArgumentParser) -> None:
    for name in ("tenant", "team", "user", "app", "model"):
        parser.add_argument(f"--{name}", default="", metavar=name.upper())
    parser.add_argument("--on", type=_day, metavar="DAY", help="as on this day; default: today")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a day is written as 2026-11-25") from None


def _today(chosen: argparse.Namespace) -> date:
    return getattr(chosen, "on", None) or datetime.now(UTC).date()


def _produced(chosen: argparse.Namespace) -> Collection[str]:
    """The entities that recognizers yield."""
    from proxy.detect.produced import produced_entities

    with warnings.catch_warnings():
        # The model was made for an older spaCy, and is tested with this one.
        warnings.filterwarnings("ignore", message=r"\[W095\]")
        return produced_entities(*detection(chosen))


def _lint(chosen: argparse.Namespace) -> int:
    from proxy.policy.lint import NOTES, WARNINGS, lint

    problems = lint(chosen.file, _produced(chosen), _today(chosen))
    for problem in problems:
        word = "warning" if problem.code in WARNINGS else "error"
        word = "note" if problem.code in NOTES else word
        hint = f" ({problem.hint})" if problem.hint else ""
        place = f"{problem.file}:{problem.line}:{problem.column}"
        print(f"{place}: {word} [{problem.code}] {problem.message}{hint}")
    if not problems:
        print(f"{chosen.file}: nothing to say")
    return int(any(problem.code not in WARNINGS | NOTES for problem in problems))


def _test(chosen: argparse.Namespace) -> int:
    from proxy.policy.testing import junit, run

    suites = [(path, run(path, _today(chosen))) for path in chosen.files]
    if chosen.junit:
        chosen.junit.write_text(junit(suites), encoding="utf-8")
    results = [result for _, suite in suites for result in suite]
    for result in results:
        print(f"{'passed' if result.passed else 'FAILED'}  {result.name}")
        if result.problem is not None:
            print(f"        {result.problem}")
    failed = sum(not result.passed for result in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    if failed:
        print("next: `privet policy explain --facts …` shows why a case is decided as it is")
    return int(failed > 0)


def _explain(chosen: argparse.Namespace) -> int:
    from proxy.commands import explaining
    from proxy.exchange import Principal

    asked = explaining.Asked(
        policy=chosen.policy,
        provider=chosen.provider,
        principal=Principal(chosen.tenant or "default", chosen.team, chosen.app, chosen.user),
        model=chosen.model,
        on=_today(chosen),
    )
    if chosen.facts is not None:
        told = explaining.explain_facts(chosen.facts, asked)
    else:
        text = chosen.text
        if chosen.file is not None:
            text = chosen.file.read_text(encoding="utf-8")
        elif text == "-":
            text = sys.stdin.read()
        told = asyncio.run(explaining.explain_text(text, asked, *detection(chosen)))
    print(json.dumps(told.as_dict(), indent=2) if chosen.json else told.render())
    return 0


def _matrix(chosen: argparse.Namespace) -> int:
    from proxy.exchange import Principal
    from proxy.policy.bundle import look_at
    from proxy.policy.matrix import matrix

    principal = Principal(chosen.tenant, chosen.team, chosen.app, chosen.user)
    table = matrix(look_at(chosen.file), principal, chosen.model, _today(chosen))
    print(json.dumps(table.as_dict(), indent=2) if chosen.json else table.render(), end="")
    return 0


def _diff(chosen: argparse.Namespace) -> int:
    from proxy.policy.bundle import look_at
    from proxy.policy.diff import compare
    from proxy.policy.diff_report import diff_as_dict, render_diff

    old, new = look_at(chosen.old), look_at(chosen.new)
    diff = compare(old, new, _today(chosen))
    if chosen.json:
        print(json.dumps(diff_as_dict(diff), indent=2))
    else:
        print(render_diff(diff, old, new), end="")
    if chosen.fail_on_loosening and diff.loosens:
        print("the change loosens: it needs the approval of whom your process names for that")
        return 1
    return 0


def _prove(chosen: argparse.Namespace) -> int:
    from proxy.policy.cases import Claim
    from proxy.policy.load import load
    from proxy.policy.prove import prove, vacuous
    from proxy.policy.testing import read_tests
    from proxy.yaml_file import Document

    if chosen.invariant is None:
        _, form, policy = read_tests(chosen.file)
        claims: list[tuple[str, Claim]] = [(claim.name, claim) for claim in form.invariants]
    else:
        policy = load(chosen.file)
        document = Document(chosen.invariant, "INVARIANT")
        claim = document.read(Claim)
        if why := [document.problem((key,), *rest) for key, *rest in vacuous(policy, claim)]:
            raise ConfigError(why)
        claims = [(chosen.invariant, claim)]
    broken = 0
    for name, claim in claims:
        proof = prove(policy, claim, _today(chosen))
        print(f"{'BROKEN' if proof.counterexample else 'proved'}  {name}")
        print(f"        tried {proof.partition}")
        if proof.counterexample is not None:
            broken += 1
            print(f"        {proof.counterexample}")
            print("        as a case for your test file, red until this is mended:\n")
            print(proof.counterexample.as_case(f"Not so: {name}"))
    print(f"{len(claims) - broken} proved, {broken} broken")
    return int(broken > 0)


def _replay(chosen: argparse.Namespace) -> int:
    from audit.index import slots_of
    from audit.reading import Reader
    from proxy.policy.bundle import look_at
    from proxy.policy.replay import read_record, replay

    policy, keys = look_at(chosen.file), private_keys(chosen)
    slots = slots_of(folder_of(chosen.directory))
    on_record(chosen, "replay", {"policy": policy.name, "digest": policy.digest})

    def recorded() -> Iterator[Recorded | None]:
        for slot in slots:
            with Reader(slot, keys) as reader:
                for record in reader.records():
                    one = record.opened
                    kind = one.kind.name.lower()
                    yield read_record(kind, one.time, one.exchange_id, one.body)

    told = replay(recorded(), policy)
    print(json.dumps(told.as_dict(), indent=2) if chosen.json else told.render(), end="")
    return 0


def _schema(_chosen: argparse.Namespace) -> int:
    from proxy.policy.schema import schema_text

    print(schema_text(), end="")
    return 0


def _init(chosen: argparse.Namespace) -> int:
    from proxy.commands.scaffold import write_pack

    policy, tests = write_pack(chosen.pack, chosen.folder)
    print(f"{policy}: the policy; its header says what each rule is for, and what it can't do")
    print(f"{tests}: what it promises, as tests")
    print("next: put your own providers in, by the names that they have in privet.yaml, then")
    print(f"  privet policy lint {policy}")
    print(f"  privet policy test {tests}")
    return 0
