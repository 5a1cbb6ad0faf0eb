"""Every dialect in every scenario: nothing leaks, every answer is whole, the official SDK reads it.

`.venv/bin/python -m tests.story.test_table` writes the table into tests/README.md; a test holds it
against what is run here.
"""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from proxy.detect.detector import Detector
from tests.house import House, house
from tests.promises.planted import INTRODUCTION, VALUES, leaks
from tests.simulator import Simulator
from tests.speakers import COLUMNS, Speaker, Told, kinds_of, table

MAIL = VALUES["mail"]
#: The values in clear, URL-encoded and in base64; JSON escapes them as well.
SAID = (
    f'{INTRODUCTION}. "See" http://crm.example.com/?who={quote(MAIL, safe="")} and '
    f"{b64encode(MAIL.encode()).decode()}."
)
EXTRA = {"next_year": {"note": SAID, "who": [MAIL], MAIL: True}}
TEXT = 'Dear "<PERSON_1>", <EMAIL_ADDRESS_1> or <PHONE_NUMBER_1>'
TOLD = f'Dear "{VALUES["person"]}", {MAIL} or {VALUES["phone"]}'
CALLED = json.dumps({"to": MAIL, "body": f"Dear {VALUES['person']}"})
RESULT = json.dumps({"sent": [VALUES["person"], MAIL], "iban": VALUES["iban"]})
ARGUMENTS = {"to": "<EMAIL_ADDRESS_1>", "body": 'Dear "<PERSON_1>"'}
TOLD_ARGUMENTS = {"to": MAIL, "body": f'Dear "{VALUES["person"]}"'}

README = Path(__file__).parent.parent / "README.md"
_BLOCK = re.compile(r"(?<=<!-- table -->\n).*?(?=\n<!-- end -->)", re.DOTALL)


@pytest.fixture
async def privet(
    tmp_path: Path, detector: Detector, simulator: Simulator, name: str
) -> AsyncIterator[House]:
    """A whole Privet before a provider that speaks the column's dialect."""
    kind = COLUMNS[name].provider
    async with house(tmp_path / "privet", detector, simulator.base_url, cloud_type=kind) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Ask:
    """Asks what `SAID` says, in one dialect, with a field that nobody knows."""

    speaker: Speaker
    privet: House

    def __call__(self, **asked: Any) -> Awaitable[Told]:
        """Ask; arguments as for the speakers."""
        return self.speaker.ask(self.privet, SAID, extra=EXTRA, **asked)


async def plain(ask: Ask, simulator: Simulator) -> None:
    simulator.says(TEXT)
    told = await ask()
    assert told.texts in ([TOLD], [])  # embeddings have none


async def stream(ask: Ask, simulator: Simulator) -> None:
    simulator.says(TEXT).in_fragments(1, 2).byte_by_byte()
    assert (await ask(stream=True)).texts == [TOLD]


async def tools(ask: Ask, simulator: Simulator) -> None:
    simulator.calls("send_mail", ARGUMENTS)
    told = await ask(tools=True)
    assert [json.loads(arguments) for arguments in told.arguments] == [TOLD_ARGUMENTS]


async def tools_stream(ask: Ask, simulator: Simulator) -> None:
    simulator.calls("send_mail", ARGUMENTS).in_fragments(3, 1)
    told = await ask(tools=True, stream=True)
    assert [json.loads(arguments) for arguments in told.arguments] == [TOLD_ARGUMENTS]


async def structured_output(ask: Ask, simulator: Simulator) -> None:
    simulator.says(json.dumps(ARGUMENTS))
    simulator.says(json.dumps(ARGUMENTS)).in_fragments(2)
    for streams in (False, True):
        (text,) = (await ask(schema=True, stream=streams)).texts
        assert json.loads(text) == TOLD_ARGUMENTS


async def multi_turn(ask: Ask, simulator: Simulator) -> None:
    simulator.says(TEXT)
    simulator.says(TEXT)
    for streams in (False, True):
        told = await ask(tools=True, called=CALLED, result=RESULT, stream=streams)
        assert told.texts == [TOLD]


async def n_choices(ask: Ask, simulator: Simulator) -> None:
    simulator.says(TEXT, "Hello <PERSON_1>")
    simulator.says(TEXT, "Hello <PERSON_1>").in_fragments(1)
    for streams in (False, True):
        assert (await ask(n=2, stream=streams)).texts == [TOLD, f"Hello {VALUES['person']}"]


async def refusal(ask: Ask, simulator: Simulator) -> None:
    simulator.refuses("Not about <PERSON_1>.")
    simulator.refuses("Not about <PERSON_1>.").in_fragments(1)
    for streams in (False, True):
        assert (await ask(stream=streams)).refusals == [f"Not about {VALUES['person']}."]


async def error(ask: Ask, simulator: Simulator) -> None:
    """The provider's class of error comes through; what it quotes is restored."""
    simulator.fails(400, "There is no <PERSON_1> here", code=ask.speaker.code)
    with pytest.raises(ask.speaker.sdk.APIError, match="There is no") as caught:
        await ask()
    assert ask.speaker.code in kinds_of(caught.value)
    quoted = VALUES["person"] if ask.speaker.restores else "<PERSON_1>"
    assert f"no {quoted} here" in caught.value.message
    for _ in range(2):  # the house tries twice
        simulator.fails(429, "slow down", retry_after=0)
    with pytest.raises(ask.speaker.sdk.RateLimitError):
        await ask()


async def disconnect(ask: Ask, simulator: Simulator) -> None:
    """The provider drops the connection; then the client leaves, and the upstream ends at once."""
    for _ in range(2):
        simulator.drops()
    with pytest.raises(ask.speaker.sdk.APIError):
        await ask()
    waiting = asyncio.Event()
    scene = simulator.says(TEXT).waits(waiting)
    asking = asyncio.ensure_future(ask())
    await scene.paused.wait()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await scene.abandoned.wait()


SCENARIOS: dict[str, Callable[[Ask, Simulator], Awaitable[None]]] = {
    "plain": plain,
    "stream": stream,
    "tools": tools,
    "tools stream": tools_stream,
    "structured output": structured_output,
    "multi-turn with tool results": multi_turn,
    "n choices": n_choices,
    "refusal": refusal,
    "error": error,
    "disconnect": disconnect,
}
CELLS = [
    (name, scenario)
    for name, speaker in COLUMNS.items()
    for scenario in SCENARIOS
    if scenario not in speaker.lacks
]


@pytest.mark.parametrize(("name", "scenario"), CELLS)
async def test_a_cell(privet: House, simulator: Simulator, name: str, scenario: str) -> None:
    await SCENARIOS[scenario](Ask(COLUMNS[name], privet), simulator)
    assert simulator.journal
    for heard in simulator.journal:
        assert leaks(heard.body) == []
        outside = heard.target + json.dumps(heard.headers)
        assert not any(value in outside for value in VALUES.values())
    assert (await privet.kinds())[:2] == ["intent", "outcome"]


def test_the_readme_shows_what_is_run() -> None:
    shown = _BLOCK.search(README.read_text(encoding="utf-8"))
    assert shown
    assert shown[0] == table(list(SCENARIOS))


if __name__ == "__main__":
    README.write_text(
        _BLOCK.sub(lambda _: table(list(SCENARIOS)), README.read_text(encoding="utf-8")),
        encoding="utf-8",
    )
