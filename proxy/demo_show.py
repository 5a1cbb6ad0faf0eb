"""What the demo shows: each conversation as application, provider and auditor see it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from audit.keys import load_recipient_key, load_verifier_keys
from audit.reading import Reader, Record
from audit.record import Kind
from audit.verify_site import verify_site
from proxy.config import AUDIT_SLOT
from proxy.loopback import Loopback
from proxy.recording import Recorder

#: Documentation examples and reserved names: nobody's data.
_PERSON, _MAIL, _PHONE = "Jane Doe", "jane.doe@example.com", "212-555-0199"
_IBAN, _CARD = "DE89 3704 0044 0532 0130 00", "4111 1111 1111 1111"
_COLOURS = {
    r"<[A-Z_]+_[0-9A-Z]+[a-z]*>": "bold magenta",
    f"{_PERSON}|Jane|{_MAIL}|{_PHONE}|{_IBAN}|{_CARD}": "bold green",
}

_SEND_MAIL = {
    "type": "function",
    "function": {
        "name": "send_mail",
        "description": "Send an e-mail.",
        "parameters": {
            "type": "object",
            "properties": {
                "to": {"type": "string", "description": "e-mail address"},
                "subject": {"type": "string"},
                "body": {"type": "string"},
            },
            "required": ["to", "subject", "body"],
        },
    },
}

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """One exchange as it is shown: texts of the three columns, and its id."""

    sent: str
    got: str
    exchange_id: str
    rule: str


async def conversations(
    console: Console,
    base_url: str,
    model: str,
    folder: Path,
    loopback: Loopback,
    *,
    recorder: Recorder,
) -> None:
    """Run every conversation with the official client, and print it.

    Args:
        recorder: of the proxy: an answer may come ahead of its record.

    Raises:
        ModuleNotFoundError: the official `openai` package isn't installed.
    """
    from openai import AsyncOpenAI

    reader = _AuditView(folder)
    async with AsyncOpenAI(base_url=base_url, api_key="not-needed-on-loopback") as client:
        for title, script in _SCRIPTS:
            console.rule(f"[bold]{title}")
            async for shown in script(client, model):
                await recorder.settled()
                saw = _provider_saw(loopback, reader, shown.exchange_id)
                console.print(_side_by_side(shown, saw))
                console.print(reader.panel(shown))


def verified(console: Console, folder: Path) -> int:
    """Verify the whole audit log, with the auditor's key; returns the exit code."""
    keys = folder / "keys"
    reports = verify_site(
        folder / "audit",
        load_verifier_keys(keys / "log.pub"),
        recipient=load_recipient_key(keys / "auditor.key"),
        since=[],
    )
    code = max(report.exit_code for report in reports)
    style = "bold green" if code == 0 else "bold red"
    console.rule("[bold]The audit log, verified offline")
    for report in reports:
        console.print(report.as_text(), style=style, highlight=False)
    return code


async def _plain(client: Any, model: str) -> AsyncIterator[Shown]:
    text = f"Draft a short reply to {_PERSON} ({_MAIL}, phone {_PHONE}) about her invoice."
    yield await _ask(client, model, [{"role": "user", "content": text}])


async def _streaming(client: Any, model: str) -> AsyncIterator[Shown]:
    text = f"List what we hold about {_PERSON}: IBAN {_IBAN}, card {_CARD}."
    messages = [{"role": "user", "content": text}]
    raw = await client.chat.completions.with_raw_response.create(
        model=model, messages=messages, stream=True
    )
    pieces = [choice.delta.content or "" async for chunk in raw.parse() for choice in chunk.choices]
    yield _shown(messages, "|".join(piece for piece in pieces if piece), raw.headers)


async def _tool_call(client: Any, model: str) -> AsyncIterator[Shown]:
    question = f"Send mail to {_PERSON} at {_MAIL}: her card {_CARD} has arrived."
    messages: list[Message] = [{"role": "user", "content": question}]
    raw = await client.chat.completions.with_raw_response.create(
        model=model, messages=messages, tools=[_SEND_MAIL], tool_choice="required"
    )
    message = raw.parse().choices[0].message
    calls = [f"{call.function.name}({call.function.arguments})" for call in message.tool_calls]
    yield _shown(messages, "\n".join(calls), raw.headers)
    messages.append(message.model_dump(exclude_none=True))
    for call in message.tool_calls:
        result = json.dumps({"delivered": True, "to": json.loads(call.function.arguments)["to"]})
        messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    yield await _ask(client, model, messages, tools=[_SEND_MAIL])


async def _three_turns(client: Any, model: str) -> AsyncIterator[Shown]:
    messages: list[Message] = [{"role": "system", "content": "You help the service desk."}]
    for text in (
        f"{_PERSON} called from {_PHONE}. What do we note?",
        "Jane also wrote from " + _MAIL + ". Make it a table.",
        "And now a sloppy one-line summary, please.",
    ):
        messages.append({"role": "user", "content": text})
        shown = await _ask(client, model, messages)
        messages.append({"role": "assistant", "content": shown.got})
        yield shown


_SCRIPTS: Sequence[tuple[str, Callable[[Any, str], AsyncIterator[Shown]]]] = (
    ("A plain question", _plain),
    ("A stream (| marks its chunks)", _streaming),
    ("A tool call and its result", _tool_call),
    ("A chat of three turns", _three_turns),
)


async def _ask(client: Any, model: str, messages: list[Message], **more: Any) -> Shown:
    raw = await client.chat.completions.with_raw_response.create(
        model=model, messages=messages, **more
    )
    return _shown(messages, raw.parse().choices[0].message.content or "", raw.headers)


def _shown(messages: Sequence[Message], got: str, headers: Mapping[str, str]) -> Shown:
    return Shown(
        _as_text(messages[-1:]), got, headers["x-privet-request-id"], headers["x-privet-policy"]
    )


def _as_text(messages: Sequence[Message]) -> str:
    """The last message, which is what is new."""
    return "\n".join(str(message.get("content") or "") for message in messages)


def _provider_saw(loopback: Loopback, reader: _AuditView, exchange_id: str) -> str:
    if loopback.seen:
        return _as_text(json.loads(loopback.seen[-1].body)["messages"][-1:])
    return reader.masked(exchange_id)


def _side_by_side(shown: Shown, saw: str) -> Table:
    table = Table(box=box.ROUNDED, expand=True, show_lines=False)
    columns = ("The application sent", "The provider saw", "The application got back")
    for title in columns:
        table.add_column(title, ratio=1, overflow="fold")
    table.add_row(*(_coloured(text) for text in (shown.sent, saw, shown.got)))
    return table


def _coloured(text: str) -> Text:
    shown = Text(text)
    for pattern, style in _COLOURS.items():
        shown.highlight_regex(pattern, style)
    return shown


class _AuditView:
    """The audit log, opened with the auditor's key: a demo has it at hand, a proxy hasn't."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "audit" / AUDIT_SLOT
        self._key = load_recipient_key(folder / "keys" / "auditor.key")

    def masked(self, exchange_id: str) -> str:
        """The last message as it went out, from the record of the intent."""
        intent = self._records(exchange_id)[0]
        texts = [data for name, data in intent.contents if name.startswith("masked/messages.")]
        strings = json.loads(texts[-1] or b"[]") if texts else []
        return "\n".join(text for path, text in strings if path.startswith("content"))

    def panel(self, shown: Shown) -> Panel:
        """Which rule decided, how each entity was hidden, and the two records."""
        records = self._records(shown.exchange_id)
        body: Any = records[0].opened.body
        treatment = ", ".join(f"{name} → {how}" for name, how in body["treatment"].items())
        lines = Text()
        lines.append("rule      ", "bold")
        lines.append(f"{', '.join(body['rules'])} of {shown.rule}\n")
        lines.append("hidden    ", "bold")
        lines.append(f"{treatment or 'nothing'}; class of the request: {body['class']}\n")
        lines.append("recorded  ", "bold")
        lines.append("\n          ".join(_summary(record) for record in records))
        return Panel(lines, box=box.ROUNDED, style="dim")

    def _records(self, exchange_id: str) -> list[Record]:
        with Reader(self._folder, self._key) as reader:
            return list(reader.records(exchange_id))


def _summary(record: Record) -> str:
    opened = record.opened
    body: Any = opened.body
    if opened.kind is Kind.INTENT:
        detail = f"to {body['endpoint']['provider']}, sha256 {body['sent']['sha256'][:16]}"
    else:
        detail = f"{body.get('status', '')}, {body.get('delivered_bytes', 0)} bytes delivered"
    return f"#{opened.sequence} {opened.kind.name.lower()} {opened.exchange_id} {detail}"
