"""Shadows: what isn't in force is decided, recorded and counted, and changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from proxy.detect.detector import Detector
from proxy.yaml_file import ConfigError
from tests.house import House, house, said_to
from tests.simulator import Simulator
from tests.story.test_policy import POLICY, Start, ask, recorded, start

__all__ = ["start"]  # the fixture

NAMED = "I am Jane Hollander."


async def test_a_rule_in_shadow_is_counted_and_changes_nothing(
    start: Start, simulator: Simulator
) -> None:
    privet = await start(
        "  - {id: no-names, shadow: true, when: {entities: {any_of: [PERSON]}}, block: {}}\n"
    )
    simulator.says("Hi")
    assert await ask(privet, NAMED) == "Hi"
    (shadow,) = recorded(privet)["shadows"]
    assert (shadow["differs"], shadow["rules"]) == ("refuses", ["no-names"])
    digest = privet.services.policies.current.digest
    assert privet.services.counts["shadow", digest, "refuses"] == 1
    simulator.says("Hi")
    await ask(privet, "Good morning")
    assert "shadows" not in recorded(privet)


@pytest.mark.parametrize(("percent", "refused"), [(1, False), (99, True)])
async def test_a_rollout_counts_for_some_teams(
    start: Start, simulator: Simulator, percent: int, *, refused: bool
) -> None:
    privet = await start(
        f"  - {{id: no-names, rollout: {{percent_of_teams: {percent}}},"
        " when: {entities: {any_of: [PERSON]}}, block: {}}\n"
    )
    if not refused:
        simulator.says("Hi")
    assert await ask(privet, NAMED) == ("refused by no-names" if refused else "Hi")
    assert ("shadows" in recorded(privet)) is not refused


async def test_a_shadowed_permit_opens_nothing(start: Start, simulator: Simulator) -> None:
    privet = await start(
        "  - {id: all, shadow: true, permit: {providers: any}}\n",
        old="{providers: any}}",
        new="{providers: cellar}}",
    )
    assert await ask(privet, NAMED) == "refused by default-deny"
    (shadow,) = recorded(privet)["shadows"]
    assert (shadow["differs"], shadow["rules"]) == ("admits", ["all"])
    assert simulator.journal == []


async def test_a_candidate_policy_is_decided_beside_the_one_in_force(
    start: Start, simulator: Simulator, tmp_path: Path
) -> None:
    """It has its own scores, classes and actions; here it would redact what travels as it is."""
    candidate = POLICY.replace("story/1", "story/2").replace(
        "EMAIL_ADDRESS: {class: public, action: allow}",
        "EMAIL_ADDRESS: {class: internal, action: redact}",
    )
    providers = "  cloud: {region: us, on_prem: false, clearance: internal}\n"
    path = tmp_path / "candidate.yaml"
    path.write_text(candidate.replace("  any: here\n", providers))
    privet = await start(
        settings={"policy: policy.yaml": f"policy: policy.yaml\ncandidate_policy: {path}"}
    )
    simulator.says("Hi")
    assert await ask(privet, "Ask jo@site.example") == "Hi"
    assert "jo@site.example" in said_to(simulator.journal[0].body)
    (shadow,) = recorded(privet)["shadows"]
    assert (shadow["policy"], shadow["differs"]) == ("story/2", "hides")
    assert shadow["treatment"] == {"EMAIL_ADDRESS": "redact"}


WHOLE = "shadow: {until: 2099-12-31, approved_by: [ciso, dpo]}\n"


async def test_a_policy_that_is_not_enforced_needs_the_flag(start: Start) -> None:
    with pytest.raises(ConfigError, match="--allow-shadow"):
        await start(WHOLE)


@pytest.fixture
def text() -> str:
    return f"{POLICY}{WHOLE}"


async def test_a_policy_that_is_not_enforced_says_so_and_refuses_secrets(
    tmp_path: Path, detector: Detector, simulator: Simulator, text: str
) -> None:
    folder = tmp_path / "privet"
    async with house(
        folder, detector, simulator.base_url, policy=text, allow_shadow=True
    ) as privet:
        simulator.says("Hi")
        raw = await privet.client.chat.completions.with_raw_response.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": NAMED}]
        )
        assert raw.headers["x-privet-shadow"] == "policy-not-enforced"
        assert "Jane Hollander" in said_to(simulator.journal[0].body)
        record = recorded(privet)
        assert record["enforced"] is False
        assert [shadow["differs"] for shadow in record["shadows"]] == ["hides"]
        secret = "sk-proj-" + "aB3dE5gH7jK9" * 4
        assert await ask(privet, f"key: {secret}") == "refused by shadowed-secret"
        assert len(simulator.journal) == 1


async def test_after_its_last_day_it_is_enforced_again(
    tmp_path: Path, detector: Detector, simulator: Simulator, text: str
) -> None:
    folder, text = tmp_path / "privet", text.replace("2099-12-31", "2026-01-01")
    async with house(
        folder, detector, simulator.base_url, policy=text, allow_shadow=True
    ) as privet:
        simulator.says("Hi")
        await ask(privet, NAMED)
        assert "Hollander" not in said_to(simulator.journal[0].body)
        assert "enforced" not in recorded(privet)


async def test_a_signal_reloads_at_once(privet: House, simulator: Simulator) -> None:
    """No look at the file would see it: it is asked for before the next one is due."""
    path: Any = privet.folder / "policy.yaml"
    path.write_text(path.read_text().replace("policy: starter/1", "policy: starter/2"))
    privet.services.reload_asked.set()
    while not privet.services.counts["reload", "policy", "loaded"]:
        simulator.says("Hi")
        await ask(privet, "Hi")
    assert privet.services.policies.current.name == "starter/2"
    assert privet.services.counts["reload", "policy", "refused"] == 0
