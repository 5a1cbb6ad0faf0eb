"""What the sealed contents hold of an exchange, and what an outcome counts."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from audit.record import Kept, Receipt, Run
from proxy.assistant import Reply
from proxy.exchange import Inside, Key, Path, TextPart
from proxy.recording import Recorder
from proxy.records.keeping import Keeping
from proxy.records.recorded import Request
from proxy.steps import delivery
from tests.house import House
from tests.simulator import Simulator

NAME = "Jane Hollander"
ASK: dict[str, Any] = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": f"I am {NAME}."}],
}


async def post(privet: House, body: dict[str, Any]) -> Any:
    return await privet.client._client.post(
        f"{privet.root}/v1/chat/completions",
        json=body,
        headers={"Authorization": f"Bearer {privet.key}"},
    )


async def outcome(privet: House) -> tuple[dict[str, Any], bytes]:
    """Its body, and what it holds of the provider's answer."""
    while (await privet.kinds())[-1] != "outcome":
        await asyncio.sleep(0)
    record = (await privet.records())[-1]
    body: Any = record.opened.body
    return body, b"".join(data or b"" for _, data in record.contents)


def stored(privet: House, kind: str) -> dict[str, list[list[str]]]:
    """The intent's contents of one kind (masked or original): name -> [path, text] pairs."""
    intent = next(record for record in privet.on_disk() if record.opened.kind.name == "INTENT")
    return {
        name.removeprefix(f"{kind}/"): json.loads(data or b"null")
        for name, data in intent.contents
        if name.startswith(f"{kind}/")
    }


class SpyLog:
    """Stands in for the audit log, and keeps what it is given to seal."""

    def __init__(self) -> None:
        self.contents: dict[str, list[list[str]]] = {}

    async def append(
        self, _kind: Any, _id: str, _body: Any, contents: Any, _kept: Any = None, **_: Any
    ) -> Receipt:
        self.contents |= {content.name: json.loads(content.data) for content in contents}
        return Receipt("test", 0, 0, Kept(self, Run(0, 0, len(contents))))


async def test_a_turn_stores_what_is_new_in_it_and_reads_whole(
    privet: House, simulator: Simulator
) -> None:
    """The second intent names the first one's contents; an auditor reads both turns in full."""
    messages = [
        {"role": "user", "content": "I am Jane Hollander."},
        {"role": "assistant", "content": "Hello <PERSON_1>."},
        {"role": "user", "content": "Jane Hollander, where is my parcel?"},
    ]
    simulator.otherwise(lambda _: Reply("Fine."))
    for turn in (messages[:1], messages):
        await post(privet, {"model": "gpt-4o-mini", "messages": turn})
    intents = [record for record in await privet.records() if record.opened.kind.name == "INTENT"]
    names = [[name for name, _ in record.contents] for record in intents]
    assert names == [
        ["masked/messages.0"],
        ["masked/messages.0", "masked/messages.1", "masked/messages.2"],
    ]
    said = dict(intents[1].contents)
    assert json.loads(said["masked/messages.0"] or b"") == [["content", "I am <PERSON_1>."]]
    assert json.loads(said["masked/messages.1"] or b"") == [["content", "Hello <LITERAL_1>."]]
    first, *others = intents[1].stored
    assert first == intents[0].stored[0], "it isn't stored again"
    assert all(place.sequence == intents[1].opened.sequence for place in others)


async def test_a_value_found_later_changes_what_the_record_says_of_the_first_turn(
    privet: House, simulator: Simulator
) -> None:
    """What was sent is on record, turn by turn, also where an earlier text is masked anew."""
    messages = [
        {"role": "user", "content": "Ask kbx-77-hollow about it."},
        {"role": "assistant", "content": "Who is that?"},
        {"role": "user", "content": "Write to kbx-77-hollow@example.com and kbx-77-hollow."},
    ]
    simulator.otherwise(lambda _: Reply("Fine."))
    for turn in (messages[:1], messages):
        await post(privet, {"model": "gpt-4o-mini", "messages": turn})
    intents = [record for record in await privet.records() if record.opened.kind.name == "INTENT"]
    for record, body in zip(intents, simulator.journal, strict=True):
        sent = json.loads(body.body)["messages"]
        for place, message in enumerate(sent):
            kept = json.loads(dict(record.contents)[f"masked/messages.{place}"] or b"")
            assert kept == [["content", message["content"]]]


async def sealed(
    parts: dict[Path, tuple[str, str]], site: Any = "masked", **terms: Any
) -> dict[str, Any]:
    """What an intent stores of parts, given as path -> (text, text as masked).

    `site` is what privet.yaml says, `terms` what policy does.
    """
    from proxy.exchange import Endpoint, Exchange, Principal, Terms, Verdict

    exchange = Exchange(
        id="pvr-1",
        dialect="test",
        model="m",
        stream=False,
        body=b"",
        tree={},
        documents={},
        parts=tuple(TextPart(path, text) for path, (text, _) in parts.items()),
        opaque=(),
        pseudonyms=(),
        json_answer=False,
    )
    log: Any = SpyLog()
    request = Request(exchange, Principal("t", "team", "app"), "p", "d")
    where = Endpoint("cloud", "m")
    verdict = Verdict(where, allowed=True, rules=("r",), terms=Terms(**terms))
    masked = [text for _, text in parts.values()]
    intent = Recorder(log, Keeping(site, lambda _: False)).intent
    await intent(request, verdict, 1, size=0, digest=bytes(32), masked=masked, values=dict)
    contents: dict[str, Any] = log.contents
    return contents


async def test_a_masked_key_stands_masked_in_every_path_below_it() -> None:
    inside: Path = ("messages", 0, "content", Inside.JSON)
    contents = await sealed(
        {
            ("metadata", Key(NAME)): (NAME, "PERSON_1"),
            ("metadata", NAME): ("v", "v"),
            (*inside, Key(NAME)): (NAME, "PERSON_1"),
            (*inside, NAME, Key("city")): ("city", "city"),
            (*inside, NAME, "city"): ("Bonn", "<LOCATION_1>"),
            ("tools", 0, NAME): ("of another object", "of another object"),
        }
    )
    assert contents == {
        "masked/metadata": [["(key)", "PERSON_1"], ["PERSON_1", "v"]],
        "masked/messages.0": [
            ["content.(json).(key)", "PERSON_1"],
            ["content.(json).PERSON_1.(key)", "city"],
            ["content.(json).PERSON_1.city", "<LOCATION_1>"],
        ],
        "masked/tools": [[f"0.{NAME}", "of another object"]],
    }


async def test_a_masked_key_at_the_top_names_its_content_masked() -> None:
    parts: dict[Path, tuple[str, str]] = {
        (Key(NAME),): (NAME, "PERSON_1"),
        (NAME, "x"): ("v", "v"),
    }
    contents = await sealed(parts, "full")
    assert contents["masked/PERSON_1"] == [["x", "v"]]
    assert contents[f"original/{NAME}"] == [["x", "v"]]


async def test_masked_contents_hold_no_hidden_value_anywhere(
    privet: House, simulator: Simulator
) -> None:
    simulator.says("Fine.")
    document = json.dumps({NAME: {"born in": "Bonn"}})
    ask = {
        **ASK,
        "metadata": {NAME: "a customer"},
        "messages": [*ASK["messages"], {"role": "user", "content": document}],
    }
    response = await post(privet, ask)
    assert response.status_code == 200
    masked = stored(privet, "masked")
    assert "Hollander" not in json.dumps(masked)
    assert ["PERSON_1", "a customer"] in masked["metadata"]


async def test_a_failed_stream_counts_all_that_was_handed_on(
    privet: House, simulator: Simulator
) -> None:
    simulator.says("Dear <PERSON_1>, how are you today?").in_fragments(6).cuts(at=900)
    response = await post(privet, {**ASK, "stream": True})
    body, _ = await outcome(privet)
    assert (body["status"], body["code"]) == ("failed", "provider_failed")
    assert b'"error"' in response.content
    assert body["delivered_bytes"] == len(response.content)


async def test_a_whole_stream_counts_all_that_was_handed_on(
    privet: House, simulator: Simulator
) -> None:
    simulator.says("Dear <PERSON_1>, how are you today?").in_fragments(6)
    response = await post(privet, {**ASK, "stream": True})
    body, received = await outcome(privet)
    assert body["status"] == "delivered"
    assert body["delivered_bytes"] == len(response.content)
    assert body["received_bytes"] == len(received)


async def test_an_answer_that_breaks_off_is_on_record_as_far_as_it_came(
    privet: House, simulator: Simulator
) -> None:
    said = b'{"choices": [{"message": {"content": "I was going to'
    simulator.sends(said).claims_length(500).byte_by_byte()
    response = await post(privet, ASK)
    assert response.status_code == 502
    body, received = await outcome(privet)
    assert (body["status"], body["code"]) == ("failed", "provider_failed")
    assert received
    assert said.startswith(received)
    assert body["received_bytes"] == len(received)
    assert body["delivered_bytes"] == 0


async def test_an_answer_over_the_limit_is_counted_and_not_kept(
    privet: House, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "MAX_ANSWER_BYTES", 20)
    simulator.says("Dear <PERSON_1>")
    response = await post(privet, ASK)
    assert response.json()["error"]["code"] == "provider_failed"
    body, received = await outcome(privet)
    assert body["status"] == "failed"
    assert body["received_bytes"] > 20
    assert received == b""


@pytest.mark.parametrize(
    ("site", "terms", "kept"),
    [
        ("full", {}, {"masked", "original"}),
        ("full", {"keep": "masked"}, {"masked"}),
        ("metadata", {"keep": "masked"}, set()),  # a rule says the most, and the site keeps less
        ("metadata", {"audit": "full"}, {"masked", "original"}),  # in place of what the site says
        ("metadata", {"audit": "full", "keep": "masked"}, {"masked"}),
    ],
)
async def test_what_is_kept_is_the_least_that_anybody_says(
    site: str, terms: dict[str, Any], kept: set[str]
) -> None:
    parts: dict[Path, tuple[str, str]] = {("input",): ("I am Jane.", "I am <PERSON_1>.")}
    stored = await sealed(parts, site, **terms)
    assert {name.partition("/")[0] for name in stored} == kept
