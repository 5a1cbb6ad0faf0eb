"""`privet policy explain`: what is found in a text, and what each provider may see of it.

The same detectors, sweep and decision as while serving, so the story told is the real one. Where
facts are given instead of a text, nothing is detected.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from proxy.commands.scaffold import starter_policy
from proxy.detect.detector import Detector
from proxy.detect.knowledge.read import Knowledge
from proxy.detect.settings import DetectSettings
from proxy.detect.sweep import load_lexicon, sweep
from proxy.errors import NotFound
from proxy.exchange import Author, Coverage, Endpoint, Facts, Finding, Principal, TextPart
from proxy.mask.masking import number
from proxy.policy.cases import Found
from proxy.policy.compiled import Policy
from proxy.policy.explain import Explanation, explain, render_explanation
from proxy.policy.load import load, parse
from proxy.policy.testing import misspelt
from proxy.steps.facts import uncovered
from proxy.yaml_file import ConfigError, Document


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose request is explained: under which policy (None: the starter), towards which provider
    (None: each), by whom, for which model (as the provider calls it), and on which day (UTC).
    """

    policy: Path | None
    provider: str | None
    principal: Principal
    model: str
    on: date


@dataclass(frozen=True, slots=True)
class Told:
    """The explanation; of a text also what was found in it, and as what each provider sees it."""

    explanation: Explanation
    text: str | None = None
    findings: tuple[Finding, ...] = ()
    coverage: Coverage | None = None
    seen: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        findings = [
            {
                "entity": f.entity,
                "start": f.start,
                "end": f.end,
                "score": round(f.score, 3),
                "recognizer": f.recognizer,
                "shown": f.shown,
            }
            for f in self.findings
        ]
        if self.text is None:
            return self.explanation.as_dict()
        return {
            "findings": findings,
            "coverage": self.coverage.as_dict() if self.coverage else None,
            **self.explanation.as_dict(),
            "seen": dict(self.seen),
        }

    def render(self) -> str:
        """For a terminal."""
        if self.text is None:
            return render_explanation(self.explanation).rstrip("\n")
        lines = ["found:"]
        for f in self.findings:
            value = self.text[f.start : f.end]
            shown = "  (an allow list shows it)" if f.shown else ""
            lines.append(f"  {f.entity:<16} {f.score:.2f}  {f.recognizer:<24} {value!r}{shown}")
        if not self.findings:
            lines.append("  nothing")
        if self.coverage:
            lines.append(f"  ({self.coverage.sentence()})")
        lines += ["", render_explanation(self.explanation)]
        for provider, text in self.seen.items():
            lines.append(f"{provider} would see:\n  {text}")
        return "\n".join(lines)


def explain_facts(facts: str, asked: Asked) -> Told:
    """Explain what would be decided if this were found.

    Args:
        facts: YAML: `entities`, `opaque`, `labels`, as under `given` in a test.

    Raises:
        ConfigError: the policy or the facts can't be read.
        NotFound: the policy has no such provider.
    """
    document = Document(facts, "FACTS")
    found = document.read(Found)
    policy = load(asked.policy) if asked.policy else parse(starter_policy(), "starter.yaml")
    if problems := list(misspelt(document, (), found, policy)):
        raise ConfigError(problems)
    return Told(_explained(policy, found.facts, asked))


async def explain_text(
    text: str, asked: Asked, settings: DetectSettings, knowledge: Knowledge
) -> Told:
    """Detect, decide and mask as a request with this one user message would.

    Raises:
        ConfigError: the policy can't be loaded.
        NotFound: the policy has no such provider.
    """
    detector = Detector(settings, os.urandom(32), knowledge)
    await detector.start()
    try:
        if asked.policy is None:
            policy = parse(starter_policy(), "starter.yaml", detector.produced)
        else:
            policy = load(asked.policy, detector.produced)
        parts = [TextPart(("messages", 0, "content"), text, Author.USER)]
        (coverage,) = detector.coverage(parts)
        found = await detector.detect("explain", parts)
    finally:
        await detector.stop()
    accepted = [policy.accept(part) for part in found]
    findings = knowledge.allow.mark(parts, sweep(parts, accepted, load_lexicon()))
    entities = frozenset(one.entity for one in findings[0] if not one.shown)
    facts = Facts(entities, uncovered([coverage]))
    explanation = _explained(policy, facts, asked)
    numbering = number(parts, findings)
    seen = {
        note.verdict.endpoint.provider: numbering.render(
            note.verdict.treatment, os.urandom(32)
        ).texts[0]
        for note in explanation.endpoints
        if note.verdict.allowed
    }
    return Told(explanation, text, tuple(findings[0]), coverage, seen)


def _explained(policy: Policy, facts: Facts, asked: Asked) -> Explanation:
    if asked.provider and asked.provider not in policy.providers:
        known = ", ".join(sorted(policy.providers))
        raise NotFound(
            f"The policy knows no provider {asked.provider!r}.", hint=f"It knows {known}."
        )
    names = [asked.provider] if asked.provider else sorted(policy.providers)
    endpoints = [Endpoint(name, asked.model) for name in names]
    return explain(policy, facts, asked.principal, endpoints, asked.on)
