"""Citations point to the same words on both sides, in answers and when they come back as history.

Whatever offsets the provider sent, it gets the same ones back: the caller's, which count characters of
real values, are moved both ways.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from proxy.detect.detector import Detector
from tests.anthropic_scene import text
from tests.house import House, house, said_to
from tests.simulator import Simulator

MODEL = "gpt-4o-mini"
DOCUMENT = "Our customer Jane Hollander of old pays late. She is in arrears, says Anna Karlsson."
SEEN = "Our customer <PERSON_1> of old pays late. She is in arrears, says <PERSON_2>."
ANSWER = "It is <PERSON_1> (see there), says <PERSON_2>."
TOLD = "It is Jane Hollander (see there), says Anna Karlsson."


def span(words: str, whole: str, names: tuple[str, str]) -> dict[str, int]:
    """Where some words stand in a text."""
    start = whole.index(words)
    return {names[0]: start, names[1]: start + len(words)}


@pytest.fixture
async def anthropics(
    tmp_path: Path, detector: Detector, simulator: Simulator
) -> AsyncIterator[House]:
    folder = tmp_path / "anthropics"
    async with house(folder, detector, simulator.base_url, cloud_type="anthropic") as running:
        yield running


@pytest.mark.parametrize(
    ("seen", "real"),
    [
        ("<PERSON_1> of old", "Jane Hollander of old"),
        ("She is in arrears", "She is in arrears"),
        ("arrears, says <PERSON_2>.", "arrears, says Anna Karlsson."),
    ],
)
async def test_anthropics_point_into_a_document_of_the_request(
    anthropics: House, simulator: Simulator, seen: str, real: str
) -> None:
    names = ("start_char_index", "end_char_index")
    sent = {
        "type": "char_location",
        "cited_text": seen,
        "document_index": 0,
        "document_title": None,
        **span(seen, SEEN, names),
    }
    simulator.messages(text("She pays late.", citations=[sent]))
    simulator.messages(text("Yes."))
    source = {"type": "text", "media_type": "text/plain", "data": DOCUMENT}
    document: Any = {"type": "document", "source": source, "citations": {"enabled": True}}
    question: Any = [document, {"type": "text", "text": "Who pays late?"}]
    turns: list[Any] = [{"role": "user", "content": question}]
    create = anthropics.anthropic.messages.create

    first: Any = await create(model=MODEL, max_tokens=99, messages=turns)
    (told,) = first.content[0].citations
    assert (told.cited_text, DOCUMENT[told.start_char_index : told.end_char_index]) == (real, real)

    turns.append({"role": "assistant", "content": first.content})
    turns.append({"role": "user", "content": "Sure?"})
    await create(model=MODEL, max_tokens=99, messages=turns)

    asked = simulator.journal[1].json["messages"]
    assert asked[0]["content"][0]["source"]["data"] == SEEN
    (back,) = asked[1]["content"][0]["citations"]
    assert back == {**back, **sent}
    assert "Hollander" not in said_to(simulator.journal[1].body)


async def test_into_a_document_that_is_json(anthropics: House, simulator: Simulator) -> None:
    document = '{\n  "owner":   "Jane Hollander",\n  "notes": ["pays late", "pays late"]\n}\n'
    seen = '{\n  "owner": "<PERSON_1>",\n  "notes": [\n    "pays late",\n    "pays late"\n  ]\n}'
    names = ("start_char_index", "end_char_index")
    owner = {"type": "char_location", "document_index": 0, "document_title": None}
    owner |= {"cited_text": '"<PERSON_1>"', **span('"<PERSON_1>"', seen, names)}
    start = seen.rindex("pays late")
    late = {**owner, "cited_text": "pays late", names[0]: start, names[1]: start + 9}
    simulator.messages(text("She pays late.", citations=[owner, late]))
    simulator.messages(text("Yes."))
    source = {"type": "text", "media_type": "text/plain", "data": document}
    asked: Any = {"type": "document", "source": source, "citations": {"enabled": True}}
    turns: list[Any] = [{"role": "user", "content": [asked]}]
    create = anthropics.anthropic.messages.create

    first: Any = await create(model=MODEL, max_tokens=99, messages=turns)
    told = first.content[0].citations
    pointed = [(one.start_char_index, one.end_char_index) for one in told]
    assert [document[start:end] for start, end in pointed] == ['"Jane Hollander"', "pays late"]
    assert [one.cited_text for one in told] == ['"Jane Hollander"', "pays late"]
    assert pointed[1][0] == document.rindex("pays late")

    turns.append({"role": "assistant", "content": first.content})
    turns.append({"role": "user", "content": "Sure?"})
    await create(model=MODEL, max_tokens=99, messages=turns)

    question, answer, _ = simulator.journal[1].json["messages"]
    assert question["content"][0]["source"]["data"] == seen
    back = answer["content"][0]["citations"]
    assert back == [{**back[0], **owner}, {**back[1], **late}]


async def test_responses_point_into_their_own_text(privet: House, simulator: Simulator) -> None:
    names = ("start_index", "end_index")
    cited = {"type": "url_citation", "url": "https://example.com", "title": "A page"}
    sent = {**cited, **span("(see there)", ANSWER, names)}

    def cite(document: Any) -> None:
        for item in document["output"]:
            item["content"][0]["annotations"] = [sent]

    simulator.says(ANSWER).additions.append(cite)
    simulator.says("Yes.")
    turns: list[Any] = [{"role": "user", "content": f"Who? {DOCUMENT}"}]

    first: Any = await privet.client.responses.create(model=MODEL, input=turns)
    (told,) = first.output[0].content[0].annotations
    assert first.output_text[told.start_index : told.end_index] == "(see there)"

    turns += [*(item.model_dump(exclude_none=True) for item in first.output)]
    turns.append({"role": "user", "content": "Sure?"})
    await privet.client.responses.create(model=MODEL, input=turns)

    (part,) = simulator.journal[1].json["input"][1]["content"]
    assert part["text"] == ANSWER
    assert part["annotations"] == [sent]


async def test_chat_completions_too(privet: House, simulator: Simulator) -> None:
    names = ("start_index", "end_index")
    sent = {"url": "https://example.com", "title": "A page", **span("(see there)", ANSWER, names)}
    annotation = {"type": "url_citation", "url_citation": sent}
    simulator.says(ANSWER).adds("annotations", [annotation], inside="message")
    simulator.says("Yes.")
    turns: list[Any] = [{"role": "user", "content": f"Who? {DOCUMENT}"}]
    create = privet.client.chat.completions.create

    first = await create(model=MODEL, messages=turns)
    message = first.choices[0].message
    (told,) = message.annotations or ()
    where = told.url_citation
    assert (message.content or "")[where.start_index : where.end_index] == "(see there)"

    turns.append(json.loads(message.model_dump_json(exclude_none=True)))
    turns.append({"role": "user", "content": "Sure?"})
    await create(model=MODEL, messages=turns)

    back = simulator.journal[1].json["messages"][1]
    assert (back["content"], back["annotations"]) == (ANSWER, [annotation])
