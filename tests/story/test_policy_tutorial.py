"""The tutorial of policies/README.md, run as it is written; then its bundle, by a running proxy."""

from __future__ import annotations

import re
import shlex
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from proxy.cli import main
from proxy.detect.detector import Detector
from proxy.policy.bundle import read_private_key, sign
from proxy.serving import watching
from tests.house import house
from tests.simulator import Simulator

README = Path(__file__).parent.parent.parent / "policies" / "README.md"
PROVIDERS = {
    "  cloud:": "  openai:",
    "  cellar:": "  local:",
    "provider: cloud": "provider: openai",
    "provider: cellar": "provider: local",
    "policy: policy.yaml ": "policy: rules/policy.bundle ",
}
TRUST = "policy_trust: {threshold: 2, keys: [rules/alice.pub, rules/bob.pub]}\n"
ASK: Any = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}]}


def transcript() -> list[tuple[str, str]]:
    """Each command of the tutorial, and what it prints."""
    text = README.read_text()
    tutorial = text[text.index("## Ten minutes") : text.index("### In CI")]
    blocks = re.findall(r"```console\n(.*?)```", tutorial, re.DOTALL)
    steps = [step for block in blocks for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [(step.partition("\n")[0], step.partition("\n")[2]) for step in steps]


def said(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a command prints; `privet` itself runs in this process."""
    if not command.startswith("privet "):
        subprocess.run(command, shell=True, check=True)  # noqa: S602 — our own README's words
        return ""
    main(shlex.split(command)[1:])
    captured = capsys.readouterr()
    return captured.out + captured.err


def matches(expected: str, got: str) -> bool:
    """Whether an output is the README's; … stands for anything, a line of it for any lines."""
    pattern = re.escape(expected.rstrip("\n")).replace("…\\\n", "(?:.*\\n)*?").replace("…", ".*")
    return re.fullmatch(pattern, got.rstrip("\n"), re.DOTALL) is not None


def walk_through(folder: Path, capsys: pytest.CaptureFixture[str]) -> int:
    """Do all of it in `folder`; returns how many commands that were."""
    steps = transcript()
    for command, expected in steps:
        got = said(command, capsys)
        assert matches(expected, got), f"$ {command}\n{got}"
    return len(steps)


async def test_from_a_pack_to_a_signed_bundle_in_a_running_proxy(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    detector: Detector,
    simulator: Simulator,
) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    monkeypatch.chdir(rules)
    assert walk_through(rules, capsys) > 15
    signed = (rules / "policy.bundle").read_text()

    # The proxy runs with the pack as it was reviewed, signed by both; then the new bundle comes.
    keys = [read_private_key(rules / name) for name in ("alice", "bob")]
    bundle = rules / "policy.bundle"
    before = datetime.now(UTC) - timedelta(hours=1)
    bundle.write_text((rules / "reviewed.yaml").read_text())
    for key in keys:
        bundle.write_text(sign(bundle, key, before))
    monkeypatch.setattr(watching, "_EVERY_S", 0.01)
    url = simulator.base_url
    async with house(tmp_path, detector, url, settings=PROVIDERS, extra=TRUST) as privet:
        current = privet.services.policies
        reviewed = current.current.digest

        async def asked_until(holds: Any) -> None:
            while not holds():
                simulator.says("Hi")
                await privet.client.chat.completions.create(**ASK)

        def changes() -> list[Any]:
            kinds = [r for r in privet.on_disk() if r.opened.kind.name == "POLICY_CHANGE"]
            return [r.opened.body for r in kinds]

        bundle.write_text(signed.replace('"sig": "', '"sig": "AAAA'))
        await asked_until(lambda: len(changes()) == 2)
        assert changes()[-1]["accepted"] is False
        assert current.current.digest == reviewed, "an unsigned one leaves the last good one"
        bundle.write_text(signed)
        await asked_until(lambda: current.current.digest != reviewed)
        await asked_until(lambda: len(changes()) == 3)
        assert changes()[-1]["accepted"] is True
        assert changes()[-1]["policy"]["digest"] == current.current.digest
