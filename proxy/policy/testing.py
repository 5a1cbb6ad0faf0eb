"""Policy tests: the cases and invariants of a `*.test.yaml` file, run against its policy.

A case is one decision. An invariant is proved (prove.py): for every request there can be.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from proxy.exchange import Endpoint, Terms, Verdict
from proxy.hints import did_you_mean
from proxy.ladder import spell
from proxy.policy.cases import Case, Expect, Found, TermsExpected, TestFile
from proxy.policy.compiled import Policy, action_of
from proxy.policy.decide import decide
from proxy.policy.load import load
from proxy.policy.prove import prove, vacuous
from proxy.yaml_file import ConfigError, Document, Loc, Problem, read_text


@dataclass(frozen=True, slots=True)
class Result:
    """One test's outcome; `problem` says what differs, and where the test stands."""

    name: str
    problem: Problem | None

    @property
    def passed(self) -> bool:
        """Whether the policy does what the test says."""
        return self.problem is None


def read_tests(path: Path) -> tuple[Document, TestFile, Policy]:
    """A test file and the policy that it names. Raises ConfigError if either is invalid."""
    document = Document(read_text(path), str(path))
    if isinstance(document.value, dict) and "rules" in document.value:
        hint = f"its tests are in {path.stem}.test.yaml, if there are any"
        raise ConfigError([document.problem((), "this is a policy and no tests", hint)])
    form = document.read(TestFile)
    policy = load(path.parent / form.policy)
    if problems := list(_vacuous(document, form, policy)):
        raise ConfigError(problems)
    return document, form, policy


def run(path: Path, on: date) -> list[Result]:
    """Run the tests of one file, in its order. Raises ConfigError if it or its policy is invalid.

    Args:
        on: the day of cases without one and the first day for which invariants must hold, UTC.
    """
    document, form, policy = read_tests(path)
    return [
        Result(name, document.problem(loc, f"{name}: {problem}", code="test") if problem else None)
        for loc, name, problem in differences(form, policy, on)
    ]


def differences(form: TestFile, policy: Policy, on: date) -> Iterator[tuple[Loc, str, str]]:
    """Run tests against any policy: each one's place, its name, and what differs, if anything."""
    for index, case in enumerate(form.cases):
        yield ("cases", index), case.name, _case(policy, case, on)
    for index, invariant in enumerate(form.invariants):
        broken = prove(policy, invariant, on).counterexample
        yield ("invariants", index), invariant.name, str(broken) if broken else ""


def junit(suites: Sequence[tuple[Path, Sequence[Result]]]) -> str:
    """Results as JUnit XML, one suite per file: what CI systems show beside a change."""
    root = ET.Element("testsuites", name="privet policy test")
    for path, results in suites:
        failed = str(sum(not result.passed for result in results))
        suite = ET.SubElement(
            root, "testsuite", name=str(path), tests=str(len(results)), failures=failed
        )
        for result in results:
            case = ET.SubElement(suite, "testcase", classname=path.name, name=result.name)
            if result.problem is not None:
                message = result.problem.message
                ET.SubElement(case, "failure", message=message).text = str(result.problem)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _vacuous(document: Document, form: TestFile, policy: Policy) -> Iterator[Problem]:
    """Tests that couldn't fail, or not for the reason that they state."""
    for index, invariant in enumerate(form.invariants):
        for key, message, hint in vacuous(policy, invariant):
            yield document.problem(("invariants", index, key), message, hint, "vacuous")
    for index, case in enumerate(form.cases):
        if missing := set(case.expect.hides or ()) - case.given.facts.entities:
            message = f"{', '.join(sorted(missing))} isn't given, so it can't be shown"
            place: Loc = ("cases", index, "expect", "hides")
            yield document.problem(place, message, "add it to given.entities", "vacuous")
        yield from misspelt(document, ("cases", index, "given"), case.given, policy)


def misspelt(document: Document, given: Loc, found: Found, policy: Policy) -> Iterator[Problem]:
    """What facts name and no request could hold; an entity of their own making isn't among it."""
    for key in ("entities", "counts", "found_by"):
        for index, name in enumerate(getattr(found, key)):
            hint = did_you_mean(name, policy.entities, or_list=False)
            if name not in policy.entities and hint:
                place = (*given, key, index if key == "entities" else name)
                message = f"{name!r} isn't an entity of the policy"
                yield document.problem(place, message, hint, "unknown", key=key != "entities")
    for name in found.labels.keys() - policy.labels:
        message, hint = f"the policy has no label {name!r}", did_you_mean(name, policy.labels)
        yield document.problem((*given, "labels", name), message, hint, "unknown", key=True)
    for index, name in enumerate(found.attested):
        if name not in found.labels:
            message = f"{name!r} is attested and not given"
            place = (*given, "attested", index)
            yield document.problem(place, message, "add it to given.labels", "vacuous")


def _case(policy: Policy, case: Case, on: date) -> str:
    """How the decision differs from what is expected; empty if it doesn't."""
    given = case.given
    verdict = decide(
        policy,
        given.facts,
        given.principal.principal,
        Endpoint(given.provider, given.model),
        given.on or on,
    )
    expected, met = _expected(case.expect, verdict)
    if met:
        return _class_differs(case, policy) or _terms_differ(case.expect.terms, verdict.terms)
    decided = f", decided by {', '.join(verdict.rules)}" if verdict.allowed else ""
    return f"expected {expected}; got {told(verdict)}{decided}"


def _expected(expect: Expect, verdict: Verdict) -> tuple[str, bool]:
    """What is expected, in words, and whether the verdict is so."""
    if expect.refused:
        return "refused", not verdict.allowed
    if expect.hides is not None:
        hidden = not verdict.allowed or set(expect.hides) <= verdict.treatment.keys()
        return f"{', '.join(expect.hides)} hidden, or a refusal", hidden
    if expect.treatment is not None:
        treatment = {name: action_of(form) for name, form in expect.treatment.items()}
        wanted = Verdict(verdict.endpoint, True, (), dict(sorted(treatment.items())))
    else:
        wanted = Verdict(verdict.endpoint, False, tuple(expect.refused_by or ()))
    return told(wanted), told(wanted) == told(verdict)


def _class_differs(case: Case, policy: Policy) -> str:
    expected, got = case.expect.class_, policy.classify(case.given.facts)
    return "" if expected in (None, got) else f"expected the class {expected}; got {got}"


def _terms_differ(expected: TermsExpected | None, got: Terms) -> str:
    """How the terms of an answer differ from what is expected; empty if they don't."""
    if expected is None:
        return ""
    differences = [
        f"{entity}, when the model produces it: expected {action}; got {got.output(entity)}"
        for entity, action in (expected.output or {}).items()
        if got.output(entity) != action
    ]
    if expected.withhold is not None and got.withheld != set(expected.withhold):
        wanted, held = (sorted(names) for names in (expected.withhold, got.withheld))
        differences.append(f"expected {wanted} withheld; got {held}")
    if expected.keep is not None and (keep := got.kept("full")) != expected.keep:
        differences.append(f"expected the log to keep {expected.keep}; got {keep}")
    return "; ".join(differences)


def told(verdict: Verdict) -> str:
    """A verdict in one line: what differs between two of these differs in effect."""
    if not verdict.allowed:
        return f"refused by {', '.join(sorted(verdict.rules))}"
    hidden = ", ".join(f"{name} by {spell(a)}" for name, a in sorted(verdict.treatment.items()))
    return f"allowed, hiding {hidden or 'nothing'}"
