"""What a policy says is what happens: each part of the format, seen from both sides of a Privet."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from openai import APIStatusError

from proxy.detect.detector import Detector
from proxy.identity.keys import create_key
from proxy.server import listening
from tests.house import House, house, said_to
from tests.simulator import Simulator

POLICY = """\
policy: story/1
classes: [public, internal, confidential, restricted]
default: {unclassified: restricted, entity: {class: internal, action: placeholder}, hide: off_premises}
entities:
  PERSON: {class: confidential, action: placeholder}
  EMAIL_ADDRESS: {class: public, action: allow}
  DATE_TIME: {class: public, action: allow}
  CREDIT_CARD: {class: restricted, action: placeholder}
providers:
  any: here
rules:
  - {id: general-use, permit: {providers: any}}
"""

#: Starts a Privet whose policy is the one above, with `more` lines at its end.
Start = Callable[..., Awaitable[House]]


@pytest_asyncio.fixture
async def start(
    tmp_path: Path, detector: Detector, simulator: Simulator, cellar: Simulator
) -> AsyncIterator[Start]:
    async with AsyncExitStack() as stack:

        async def begin(more: str = "", old: str = "", new: str = "", **settings: Any) -> House:
            assert old in POLICY
            return await stack.enter_async_context(
                house(
                    tmp_path / "privet",
                    detector,
                    simulator.base_url,
                    cellar.base_url,
                    policy=POLICY.replace(old, new, 1) + more if old else POLICY + more,
                    **settings,
                )
            )

        yield begin


async def ask(privet: House, text: Any, model: str = "gpt-4o-mini", **headers: str) -> str:
    """The answer, or the rule that refused."""
    try:
        answer = await privet.client.chat.completions.create(
            model=model,
            messages=[{"role": "user", "content": text}],
            extra_headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
    except APIStatusError as refused:
        body: Any = refused.body
        return f"refused by {body.get('rule', body['code'])}"
    return answer.choices[0].message.content or ""


def recorded(privet: House) -> dict[str, Any]:
    """The last intent or refusal on record."""
    kinds = ("INTENT", "REFUSAL")
    bodies: list[Any] = [r.opened.body for r in privet.on_disk() if r.opened.kind.name in kinds]
    body: dict[str, Any] = bodies[-1]
    return body


async def test_many_addresses_are_more_than_a_few(start: Start, simulator: Simulator) -> None:
    privet = await start("escalate:\n  - {at_least: {EMAIL_ADDRESS: 3}, class: restricted}\n")
    simulator.says("ok")
    simulator.says("ok")
    friends = [f"jo@site{n}.example" for n in range(3)]
    await ask(privet, f"Write to {friends[0]} and {friends[1]}, then {friends[0]} again.")
    assert friends[0] in said_to(simulator.journal[0].body)
    await ask(privet, f"Write to {', '.join(friends)} please.")
    heard = said_to(simulator.journal[1].body)
    assert "<EMAIL_ADDRESS_3>" in heard
    assert "site0" not in heard
    assert recorded(privet)["different"] == {"EMAIL_ADDRESS": 3}


LABELS = """\
  - {id: no-marketing, when: {labels: {purpose: marketing}}, block: {message: Not for marketing.}}
  - {id: europe, when: {labels: {subjects: eu}}, require: {provider: {region: eu}}}
labels:
  purpose: {values: [care, marketing], assumed: []}
  subjects: {values: [eu, us]}
"""


async def test_a_declared_label_only_tightens(start: Start, simulator: Simulator) -> None:
    """Whose subjects are American is for those to say who may; until then they are European."""
    privet = await start(LABELS)
    assert await ask(privet, "Hello") == "refused by europe"
    assert await ask(privet, "Hello", x_privet_labels="subjects=us") == "refused by europe"
    assert recorded(privet)["labels"] == {"subjects": "us"}
    assert recorded(privet)["attested"] == []
    assert simulator.journal == []


async def test_an_attested_label_counts(
    start: Start, simulator: Simulator, detector: Detector
) -> None:
    privet = await start(LABELS)
    simulator.says("Hi")
    key, _ = create_key(privet.folder / "keys.yaml", "support", "desk", asserts=["subjects"])
    privet.services.identify.__self__.reload_if_changed()  # type: ignore[attr-defined]
    entitled = replace(privet, client=privet.client.with_options(api_key=key))
    assert await ask(entitled, "Hello", x_privet_labels="subjects=us") == "Hi"
    assert recorded(privet)["attested"] == ["subjects"]
    labels = "subjects=us, purpose=marketing"
    assert await ask(entitled, "Hello", x_privet_labels=labels) == "refused by no-marketing"


@pytest.mark.parametrize("labels", ["purpose", "purpose=care, purpose=care", "colour=red"])
async def test_labels_that_say_nothing_are_refused(
    start: Start, simulator: Simulator, labels: str
) -> None:
    privet = await start(LABELS)
    assert await ask(privet, "Hello", x_privet_labels=labels) == "refused by bad_request"
    assert simulator.journal == []


async def test_a_team_of_which_no_text_is_kept(start: Start, simulator: Simulator) -> None:
    privet = await start(
        "  - {id: quiet, scope: {team: support}, keep: metadata}\naudit: {keep: full}\n"
    )
    simulator.says("Hi")
    await ask(privet, "I am Jane Hollander.")
    intent = next(r for r in await privet.records() if r.opened.kind.name == "INTENT")
    assert not intent.contents
    body: Any = intent.opened.body
    assert body["terms"] == ["quiet"]


async def test_policy_says_what_is_kept_before_the_configuration_does(
    start: Start, simulator: Simulator
) -> None:
    privet = await start("audit: {keep: full}\n")
    simulator.says("Hi")
    await ask(privet, "I am Jane Hollander.")
    intent = next(r for r in await privet.records() if r.opened.kind.name == "INTENT")
    assert any(name.startswith("original/") for name, _ in intent.contents)


async def test_a_rule_for_certain_hours(start: Start, simulator: Simulator) -> None:
    window = 'time: {days: [mon], from: "08:00", to: "18:00"}'
    privet = await start(f"  - {{id: shut, scope: {{{window}}}, block: {{}}}}\n")
    simulator.says("Hi")
    simulator.says("Hi")

    def at(day: int, hour: int) -> datetime:
        return datetime(2026, 11, day, hour, tzinfo=UTC)

    answers = []
    for now in (at(23, 7), at(23, 8), at(23, 17), at(24, 9)):
        services = replace(privet.services, now=lambda now=now: now)
        async with listening(services, _limits(), "127.0.0.1", 0) as root:
            client = privet.client.with_options(base_url=f"{root}/v1")
            answers.append(await ask(replace(privet, client=client), "Hello"))
    assert answers == ["Hi", "refused by shut", "refused by shut", "Hi"]


async def test_a_rule_for_one_key_model_and_dialect(start: Start, simulator: Simulator) -> None:
    privet = await start(
        "  - {id: other-key, scope: {key: key-0}, block: {}}\n"
        "  - {id: other-model, scope: {model: gpt-9}, block: {}}\n"
        "  - {id: other-dialect, scope: {dialect: none.chat}, block: {}}\n"
        "  - {id: this, scope: {model: gpt-4o-mini, dialect: openai.chat}, treat: {EMAIL_ADDRESS: redact}}\n"
    )
    simulator.says("Hi")
    assert await ask(privet, "Ask jo@site.example") == "Hi"
    assert "site.example" not in said_to(simulator.journal[0].body)
    assert recorded(privet)["rules"] == ["general-use", "this"]


async def test_an_image_may_go_where_audio_may_not(start: Start, simulator: Simulator) -> None:
    privet = await start(
        old="unclassified: restricted", new="unclassified: restricted, opaque: {image: internal}"
    )
    simulator.says("A cat")
    image = {"type": "image_url", "image_url": {"url": "https://site.example/cat.png"}}
    assert await ask(privet, [image]) == "A cat"
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
    assert await ask(privet, [sound]) == "refused by unclassified"
    assert await ask(privet, [image, sound]) == "refused by unclassified"


async def test_a_language_and_a_recognizer_may_have_their_own_way(
    start: Start, simulator: Simulator
) -> None:
    privet = await start(
        old="EMAIL_ADDRESS: {class: public, action: allow}",
        new="EMAIL_ADDRESS: {class: public, action: allow, hide: always, languages: {de: {action: redact}}}",
    )
    simulator.says("ok")
    simulator.says("ok")
    await ask(privet, "Please write to jo@site.example and tell me what it says.")
    await ask(privet, "Bitte schreib an jo@site.example und sag mir, was auf der Seite steht.")
    assert "jo@site.example" in said_to(simulator.journal[0].body)
    assert "site.example" not in said_to(simulator.journal[1].body)


def _limits() -> Any:
    from proxy.sections import LimitsSection

    return LimitsSection()


async def test_a_hash_is_the_same_for_a_tenant_and_for_no_other(
    start: Start, simulator: Simulator
) -> None:
    person = "PERSON: {class: confidential, action: placeholder}"
    privet = await start(old=person, new=person.replace("placeholder", "hash, residual: public"))
    seen = []
    for tenant in ("default", "default", "other"):
        key, _ = create_key(privet.folder / "keys.yaml", "support", "desk", tenant)
        assert privet.services.callers.reload_if_changed()
        simulator.says("Hm.")
        client = privet.client.with_options(api_key=key)
        await client.chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": "I am Jane Hollander."}]
        )
        seen.append(json.loads(simulator.journal[-1].body)["messages"][-1]["content"])
    assert re.fullmatch(r"I am <PERSON_\d{12}>\.", seen[0])
    assert seen[0] == seen[1] != seen[2]
