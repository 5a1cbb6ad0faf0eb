"""`privet policy replay`: what last month's requests would have met under another policy."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai import PermissionDeniedError

from proxy.cli import main
from tests.house import House
from tests.simulator import Simulator


async def ask(privet: House, text: str) -> None:
    messages: Any = [{"role": "user", "content": text}]
    await privet.client.chat.completions.create(model="gpt-4o-mini", messages=messages)


def replayed(
    privet: House, capsys: pytest.CaptureFixture[str], *changes: tuple[str, str]
) -> dict[str, Any]:
    """The replay of everything so far against the policy in force, with some changes."""
    text = (privet.folder / "policy.yaml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    other = privet.folder / "other.yaml"
    other.write_text(text)
    keys = ["--open", str(privet.folder / "keys" / "auditor.key"), "--unrecorded"]
    command = ["policy", "replay", str(privet.folder / "audit"), str(other), *keys]
    capsys.readouterr()  # what the server logged meanwhile
    assert main([*command, "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert main(command) == 0
    words = capsys.readouterr().out
    assert f"{told['replayed']} decisions" in words
    assert all(change["exchange"] in words for change in told["changes"])
    assert "Hollander" not in words
    return told


async def test_recorded_decisions_against_another_policy(
    privet: House, simulator: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator.says("Dear <PERSON_1>")
    await ask(privet, "I am Jane Hollander.")
    simulator.says("Paris")
    await ask(privet, "What is the capital of France?")
    key = "AKIA" + "IOSFODNN7" + "EXAMPLE"
    with pytest.raises(PermissionDeniedError):
        await ask(privet, f"aws_access_key_id = {key}")

    same = replayed(privet, capsys)
    assert (same["replayed"], same["changes"]) == (3, [])
    assert same["skipped"] > 0, "outcomes and policy changes hold no decision"

    shown = "PERSON: {class: public, action: allow}"
    (change,) = replayed(
        privet, capsys, ("PERSON: {class: confidential, action: placeholder}", shown)
    )["changes"]
    assert (change["change"], change["entities"]) == ("shown more", ["PERSON"])
    assert (change["team"], change["rules"]) == ("support", ["general-use"])

    block = "  - {id: no-names, when: {entities: {any_of: [PERSON]}}, block: {}}\n"
    (change,) = replayed(privet, capsys, ("rules:\n", f"rules:\n{block}"))["changes"]
    assert (change["change"], change["rules"]) == ("refused now", ["no-names"])

    (change,) = replayed(
        privet, capsys, ("any_of: [PRIVATE_KEY, API_KEY]", "any_of: [PRIVATE_KEY]")
    )["changes"]
    assert (change["change"], change["rules"]) == ("sent now", ["no-secrets"])

    redacted = "PERSON: {class: confidential, action: redact}"
    (change,) = replayed(
        privet, capsys, ("PERSON: {class: confidential, action: placeholder}", redacted)
    )["changes"]
    assert change["change"] == "hidden more"
