"""Each kind of provider: where a body goes, how the key travels, what is claimed of it."""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest

from proxy import section, sections
from proxy.errors import NotFound, ProviderCredentials
from proxy.providers import KINDS, Provider, ProviderKey, Timeouts
from proxy.wire import DIALECTS
from tests.house import House, house
from tests.simulator import Simulator

BODY = b'{"model": "m"}'
Opens = Callable[..., Provider]


@pytest.fixture
async def opened(simulator: Simulator) -> AsyncIterator[Opens]:
    """Opens a provider of a kind at the simulator."""
    providers: list[Provider] = []

    def open_provider(kind: str, key: str = "k", **choices: Any) -> Provider:
        choices = {"timeouts": Timeouts(), "retries": 0, **choices}
        providers.append(Provider(KINDS[kind], "p", simulator.base_url, lambda: key, **choices))
        return providers[-1]

    yield open_provider
    for provider in providers:
        await provider.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_sends_each_dialect_to_its_route(
    opened: Opens, simulator: Simulator, kind: str
) -> None:
    provider = opened(kind)
    routes = {dialect.name for dialect in DIALECTS if provider.speaks(dialect.name)}
    assert routes == KINDS[kind].paths.keys()
    for name, path in KINDS[kind].paths.items():
        simulator.sends(b"{}")
        reply = await provider.send(name, BODY, model="m")
        reply.close()
        assert simulator.journal[-1].target == "/v1" + path
        carried = {"azure-openai": "api-key", "anthropic": "x-api-key"}.get(kind, "authorization")
        expected = "Bearer k" if carried == "authorization" else "k"
        assert simulator.journal[-1].header(carried) == expected


async def test_a_dialect_that_a_provider_doesnt_speak_isnt_sent(
    opened: Opens, simulator: Simulator
) -> None:
    with pytest.raises(NotFound):
        await opened("deepseek").send("openai.embeddings", BODY)
    assert not simulator.journal


@pytest.mark.parametrize("kind", ["azure-openai", "azure-openai-entra"])
async def test_azures_deployments_name_the_model_in_the_url(
    opened: Opens, simulator: Simulator, kind: str
) -> None:
    simulator.sends(b"{}")
    provider = opened(kind, api_version="2024-10-21")
    (await provider.send("openai.chat", BODY, model="our gpt/4o")).close()
    target = simulator.journal[0].target
    assert target == "/v1/deployments/our%20gpt%2F4o/chat/completions?api-version=2024-10-21"


def test_types_in_the_configuration_are_the_kinds() -> None:
    assert set(get_args(sections.ProviderSection.model_fields["type"].annotation)) == KINDS.keys()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_claim_has_sources_and_a_day(kind: Any) -> None:
    claims = kind.claims
    claimed = claims.region or claims.retention != "unknown" or claims.trains is not None
    assert bool(claims.sources) == bool(claims.read)
    assert claims.sources or not claimed
    assert all(page.startswith("https://") for page in claims.sources)
    if claims.read:
        assert date.fromisoformat(claims.read)
    assert re.fullmatch(r"none|unknown|\d+d", claims.retention)


def test_the_readme_shows_every_kind() -> None:
    readme = Path("proxy/providers/README.md").read_text()
    for kind in KINDS.values():
        trains = {True: "yes", False: "no", None: "unknown"}[kind.claims.trains]
        claims = f"{kind.claims.region or 'unknown'} | {kind.claims.retention} | {trains}"
        pages = " ".join(f"[page]({page})" for page in kind.claims.sources)
        source = f"{pages}, {kind.claims.read}" if pages else "–"
        assert f"| `{kind.name}` | {claims} | {source} |" in readme, kind.name


# OpenRouter.


@pytest.mark.parametrize(
    ("retention", "trains", "only", "preferences"),
    [
        ("none", False, (), {"zdr": True, "data_collection": "deny"}),
        ("30d", False, ("mistral",), {"data_collection": "deny", "only": ["mistral"]}),
        ("unknown", True, (), {}),
    ],
)
async def test_openrouter_is_held_to_what_policy_says(
    opened: Opens, retention: str, *, trains: bool, only: tuple[str, ...], preferences: Any
) -> None:
    told = opened("openrouter", only=only).preferences(retention, trains=trains)
    assert told.get("provider", {}) == preferences
    assert opened("openai").preferences(retention, trains=trains) == {}


@pytest.fixture
async def routed(tmp_path: Path, detector: Any, simulator: Simulator) -> AsyncIterator[House]:
    """A house whose cloud is OpenRouter, of which policy says that it keeps nothing."""
    changes = {
        f"cloud:\n    base_url: {simulator.base_url}": (
            f"cloud:\n    type: openrouter\n    base_url: {simulator.base_url}\n    only: [mistral]"
        )
    }
    async with house(
        tmp_path / "privet", detector, simulator.base_url, settings=changes
    ) as running:
        yield running


async def test_the_preferences_are_in_every_body_and_on_record(
    routed: House, simulator: Simulator
) -> None:
    """The caller's own preferences stay, but don't override."""
    simulator.says("Dear <PERSON_1>")
    answer = await routed.client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": "Write to Jane Doe."}],
        extra_body={"provider": {"sort": "price", "data_collection": "allow"}},
    )
    assert answer.choices[0].message.content == "Dear Jane Doe"
    heard = simulator.journal[0]
    told = {"sort": "price", "data_collection": "deny", "only": ["mistral"]}
    assert heard.json["provider"] == told
    intent = next(r for r in await routed.records() if r.opened.kind.name == "INTENT")
    assert intent.opened.body["sent"]["bytes"] == len(heard.body)


async def test_an_error_in_the_middle_of_its_stream_ends_ours(
    routed: House, simulator: Simulator
) -> None:
    """As OpenRouter sends it: comments while it waits, then a chunk with an error."""
    chunk = b'{"id": "g", "object": "chat.completion.chunk", "created": 1, "model": "m", %s}'
    began = chunk % b'"choices": [{"index": 0, "delta": {"content": "Dear "}}]'
    broke = chunk % (
        b'"error": {"code": 502, "message": "at http://upstream.test"}, '
        b'"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]'
    )
    comment = b": OPENROUTER PROCESSING\n\n"
    body = comment + b"data: " + began + b"\n\n" + comment + b"data: " + broke + b"\n\n"
    simulator.sends(body, content_type="text/event-stream")
    stream = await routed.client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "Hello"}], stream=True
    )
    text = ""
    with pytest.raises(Exception, match="middle of its stream") as caught:
        async for event in stream:
            text += event.choices[0].delta.content or ""
    assert text == "Dear "
    assert "upstream.test" not in str(caught.value)


async def test_an_error_in_a_whole_answer_is_no_answer(routed: House, simulator: Simulator) -> None:
    simulator.sends(b'{"error": {"code": 502, "message": "at http://upstream.test"}}')
    with pytest.raises(Exception, match="instead of an answer") as caught:
        await routed.client.chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": "Hello"}]
        )
    assert "upstream.test" not in str(caught.value)


# Keys.


@pytest.mark.parametrize("by_command", [False, True])
async def test_a_key_that_its_operator_changes_is_taken_without_a_restart(
    by_command: bool, simulator: Simulator, tmp_path: Path
) -> None:
    """The provider refuses the old key; the file, or the command, gives a new one by then."""
    file = tmp_path / "key"
    file.write_text("old")
    prints = (sys.executable, "-c", f"print(open({str(file)!r}).read())")
    source = section.KeySource(command=prints) if by_command else section.KeySource(file=str(file))
    key = ProviderKey("p", lambda: source.read(tmp_path))
    provider = Provider(
        KINDS["openai"],
        "p",
        simulator.base_url,
        key,
        timeouts=Timeouts(),
        retries=0,
        renew=key.renew,
    )
    file.write_text("new")
    simulator.fails(401)
    simulator.sends(b"{}")
    (await provider.send("openai.chat", BODY)).close()
    sent = [heard.header("authorization") for heard in simulator.journal]
    assert sent == ["Bearer old", "Bearer new"]

    simulator.fails(401)
    with pytest.raises(ProviderCredentials):
        await provider.send("openai.chat", BODY)
    assert len(simulator.journal) == 3, "a key that stays the same isn't tried twice"

    file.unlink()
    simulator.fails(401)
    with pytest.raises(ProviderCredentials):
        await provider.send("openai.chat", BODY)
    assert key() == "new"
    await provider.close()


def test_a_key_shows_in_no_representation() -> None:
    key = ProviderKey("p", lambda: "secret-key")
    assert "secret-key" not in f"{key!r} {key}"
