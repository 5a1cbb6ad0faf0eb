"""`privet policy explain`: what is found in a text, and what each provider may see of it.

The same detectors, sweep and decision as while serving, so the story told is the real one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from proxy.detect.detector import Detector
from proxy.detect.settings import DetectSettings
from proxy.detect.sweep import load_lexicon, sweep
from proxy.errors import NotFound
from proxy.exchange import Author, Endpoint, Facts, Finding, Principal, TextPart
from proxy.mask.masking import number
from proxy.policy.explain import Explanation, explain, render_explanation
from proxy.policy.load import load, parse
from proxy.scaffold import starter_policy


@dataclass(frozen=True, slots=True)
class Told:
    """Findings in the text, the explanation, and the text as each allowed provider would see it."""

    text: str
    findings: tuple[Finding, ...]
    explanation: Explanation
    seen: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "findings": [
                {
                    "entity": f.entity,
                    "start": f.start,
                    "end": f.end,
                    "score": round(f.score, 3),
                    "recognizer": f.recognizer,
                }
                for f in self.findings
            ],
            **self.explanation.as_dict(),
            "seen": self.seen,
        }

    def render(self) -> str:
        """For a terminal."""
        lines = ["found:"]
        for f in self.findings:
            value = self.text[f.start : f.end]
            lines.append(f"  {f.entity:<16} {f.score:.2f}  {f.recognizer:<24} {value!r}")
        if not self.findings:
            lines.append("  nothing")
        lines += ["", render_explanation(self.explanation)]
        for provider, text in self.seen.items():
            lines.append(f"{provider} would see:\n  {text}")
        return "\n".join(lines)


async def explain_text(
    text: str, policy_path: Path | None, provider: str | None, team: str, app: str
) -> Told:
    """Detect, decide and mask as a request with this one user message would.

    Raises:
        ConfigError: the policy can't be loaded.
        NotFound: the policy has no such provider.
    """
    detector = Detector(DetectSettings(), os.urandom(32))
    await detector.start()
    try:
        if policy_path is None:
            policy = parse(starter_policy(), "starter.yaml", detector.produced)
        else:
            policy = load(policy_path, detector.produced)
        parts = [TextPart(("messages", 0, "content"), text, Author.USER)]
        found = await detector.detect("explain", parts)
    finally:
        await detector.stop()
    accepted = [policy.accept(part) for part in found]
    findings = sweep(parts, accepted, load_lexicon())
    facts = Facts(entities=frozenset(finding.entity for finding in findings[0]))
    names = [provider] if provider else sorted(policy.providers)
    if provider and provider not in policy.providers:
        raise NotFound(f"The policy knows no provider {provider!r}.")
    principal = Principal("default", team, app)
    endpoints = [Endpoint(name, "") for name in names]
    explanation = explain(policy, facts, principal, endpoints, datetime.now(UTC).date())
    numbering = number(parts, findings)
    seen = {
        note.verdict.endpoint.provider: numbering.render(
            note.verdict.treatment, os.urandom(32)
        ).texts[0]
        for note in explanation.endpoints
        if note.verdict.allowed
    }
    return Told(text, tuple(findings[0]), explanation, seen)
