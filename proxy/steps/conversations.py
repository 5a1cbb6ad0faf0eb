"""Stored responses: a request completed from them, an answer added to them, and their own routes.

The vault knows bytes; the dialect knows what a response is made of; this joins them for one
principal. Source: OpenAI API reference, "Responses" (retrieve, delete, cancel, input items).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import structlog

from proxy.errors import BadRequest, NotFound, VaultUnavailable
from proxy.exchange import Exchange, Principal
from proxy.records.recorded import Access
from proxy.steps.journey import Answer, Attempt, Services, as_failure
from proxy.wire import openai_responses_state as state
from proxy.wire import strict_json

Json = dict[str, Any]

#: Responses that one may go on from, one after the other.
LONGEST_CHAIN = 1_000

log = structlog.get_logger(__name__)


async def complete(exchange: Exchange, principal: Principal, services: Services) -> Exchange:
    """The request with all that it refers to put in.

    Raises:
        NotFound: this principal has stored no such response or item.
        BadRequest: what it refers to makes no valid request.
    """
    if not exchange.previous and not exchange.references:
        return exchange
    earlier: list[Json] = []
    if exchange.previous:
        earlier = await _conversation(exchange.previous, principal, services)
    items = {each: await _item(each, principal, services) for each in exchange.references}
    return state.resume(exchange, earlier, items)


async def remember(attempt: Attempt, services: Services) -> None:
    """Keep what the caller may go on from, before it can: signed content, and what it had stored.

    Raises:
        VaultUnavailable: the answer can't be stored. It says that it was, so it isn't delivered, or
            its stream ends in an error where it would have said so.
    """
    exchange, principal = attempt.request.exchange, attempt.request.principal
    if attempt.sealed:
        await services.seals.remember(principal.tenant, attempt.sealed, attempt.shown)
        attempt.sealed.clear()
    while attempt.told:
        response = attempt.told.pop()
        if exchange.stores and isinstance(response.get("id"), str):
            await _store(exchange, response, principal, services)


async def _store(
    exchange: Exchange, response: Json, principal: Principal, services: Services
) -> None:
    owner, stored = principal.identity, state.stored(exchange, response)
    try:
        for item_id in state.ids(stored):
            entry = strict_json.dumps({"in": response["id"]})
            await services.vault.put(owner, item_id, entry)
        await services.vault.put(owner, response["id"], strict_json.dumps(stored))
    except OSError as error:
        log.error("response not stored", exchange=exchange.id, why=str(error))
        raise VaultUnavailable(
            "The response can't be stored.",
            hint="Send `store: false`, or have the operator look at the vault.",
        ) from None


async def retrieve(access: Access, services: Services) -> Answer:
    """A stored response; raises NotFound."""
    async with _on_record(access, services) as stored:
        return Answer({}, strict_json.dumps(stored["response"]))


async def delete(access: Access, services: Services) -> Answer:
    """Drop a stored response and its items; raises NotFound."""
    async with _on_record(access, services) as stored:
        try:
            for entry_id in (*state.ids(stored), access.entry_id):
                await services.vault.delete(access.principal.identity, entry_id)
        except OSError:
            raise _unavailable() from None
        told = {"id": access.entry_id, "object": "response.deleted", "deleted": True}
        return Answer({}, strict_json.dumps(told))


async def cancel(access: Access, services: Services) -> Answer:
    """Refused: only responses in the background can be cancelled, and there are none here.

    Raises:
        NotFound: this principal has stored no such response.
        BadRequest: it has ended.
    """
    async with _on_record(access, services):
        raise BadRequest("This response has ended.", hint="Close a stream's connection to stop it.")


async def input_items(access: Access, query: Mapping[str, str], services: Services) -> Answer:
    """The items that a stored response answered, its own and those before; raises NotFound."""
    async with _on_record(access, services) as stored:
        items = list(stored["input"])
        if stored["previous"]:
            before = await _conversation(stored["previous"], access.principal, services)
            items = [*before, *items]
        return Answer({}, strict_json.dumps(state.page(access.entry_id, items, query)))


@asynccontextmanager
async def _on_record(access: Access, services: Services) -> AsyncGenerator[Json, None]:
    """What was stored, once it is on record that it is asked for; a refusal in here is too.

    Raises:
        NotFound: this principal has stored no such response.
        AuditUnavailable: nothing happens that can't be put on record.
    """
    recorder = services.recorder
    try:
        stored = await _stored(access.entry_id, access.principal, services)
        await recorder.access(access)
        yield stored
    except Exception as error:  # noqa: BLE001 — whatever it is, it is a refusal on record
        refused = as_failure(error)
        await recorder.access(access, refused)
        raise refused from None


async def _conversation(response_id: str, principal: Principal, services: Services) -> list[Json]:
    """Every item up to and including a response's output, oldest first."""
    turns: list[list[Json]] = []
    while response_id:
        stored = await _stored(response_id, principal, services)
        turns.append(list(state.items(stored)))
        response_id = stored["previous"]
        if len(turns) > LONGEST_CHAIN:
            raise BadRequest("The conversation is too long.", hint="Send what matters of it anew.")
    return [item for turn in reversed(turns) for item in turn]


async def _item(item_id: str, principal: Principal, services: Services) -> Json:
    entry = await _entry(item_id, principal, services)
    stored = await _stored(str(entry.get("in", "")), principal, services)
    for item in state.items(stored):
        if item.get("id") == item_id:
            return item
    raise _unknown()


async def _stored(response_id: str, principal: Principal, services: Services) -> Json:
    entry = await _entry(response_id, principal, services)
    if "response" not in entry:
        raise _unknown()
    return entry


async def _entry(entry_id: str, principal: Principal, services: Services) -> Json:
    try:
        value = await services.vault.get(principal.identity, entry_id)
    except OSError:
        raise _unavailable() from None
    if value is None:
        raise _unknown()
    entry: Json = strict_json.parse(value)
    return entry


def _unknown() -> NotFound:
    failure = NotFound(
        "You have stored no response or item of that id.",
        hint="It may have expired or been deleted; send the conversation itself.",
    )
    failure.code = "response_not_found"
    return failure


def _unavailable() -> VaultUnavailable:
    return VaultUnavailable(
        "Stored responses can't be read.", hint="The operator has to look at the vault."
    )
