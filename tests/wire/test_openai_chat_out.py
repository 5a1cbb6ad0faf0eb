"""Chat Completions requests on their way out, and errors on their way back."""

from __future__ import annotations

import json
from typing import Any

import httpx
import openai
import pytest

from proxy.errors import BadRequest, PolicyRefused, PrivetError, ProviderRefused, Unauthenticated
from proxy.exchange import Exchange, Path
from proxy.wire import BY_PATH, DIALECTS, openai_chat, openai_shared
from proxy.wire.writing import write
from tests.wire.asking import WEATHER, parsed


def written(exchange: Exchange, edits: dict[Path, str], model: str = "m") -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(write(exchange, edits, model, {}).body)
    return tree


def test_an_unchanged_request_keeps_its_bytes() -> None:
    body = (
        b'{ "model":"m",\t"messages":[{"role":"user","content":"Gr\\u00fc\\u00dfe"}],"top_p":1.0}'
    )
    exchange = openai_chat.parse(body, "x")
    assert write(exchange, {}, "m", {}).body is body


def test_another_model_changes_nothing_but_the_model() -> None:
    body = (
        b'{"model":"m","messages":[{"role":"user","content":"x"}],"a":1.10,"b":1E400,"stop":null}'
    )
    exchange = openai_chat.parse(body, "x")
    sent = write(exchange, {}, "other", {})
    assert sent.body == body.replace(b'"m"', b'"other"')


def test_an_edit_changes_its_place_only() -> None:
    exchange = parsed(seed=12345678901234567890, tools=[WEATHER])
    path: Path = ("messages", 0, "content")
    expected = json.loads(exchange.body)
    expected["messages"][0]["content"] = "<PERSON_1>"
    assert written(exchange, {path: "<PERSON_1>"}) == expected


def test_a_renamed_property_is_renamed_where_it_is_named() -> None:
    exchange = parsed(tools=[WEATHER])
    named = [part.path for part in exchange.parts if part.text == "home city"]
    out = written(exchange, dict.fromkeys(named, "LOCATION_1"))
    schema = out["tools"][0]["function"]["parameters"]
    assert list(schema["properties"]) == ["LOCATION_1", "day"]
    assert schema["required"] == ["LOCATION_1"]


# Errors.


def raised(failure: PrivetError) -> openai.APIStatusError:
    """What the official SDK makes of an error of ours."""
    body = openai_shared.error(failure, "pvr-1")
    transport = httpx.MockTransport(lambda _: httpx.Response(failure.status, content=body))
    with (
        httpx.Client(transport=transport) as http,
        openai.OpenAI(base_url="http://x.test", api_key="k", http_client=http, max_retries=0) as ai,
        pytest.raises(openai.APIStatusError) as caught,
    ):
        ai.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])
    return caught.value


@pytest.mark.parametrize(
    ("failure", "kind", "type_"),
    [
        (Unauthenticated("Who?"), openai.AuthenticationError, "authentication_error"),
        (PolicyRefused("No."), openai.PermissionDeniedError, "permission_error"),
        (BadRequest("What?"), openai.BadRequestError, "invalid_request_error"),
        (PrivetError("Oh."), openai.InternalServerError, "server_error"),
        (
            ProviderRefused(429, "Slow.", kind="tokens", code="rate_limit"),
            *(openai.RateLimitError, "tokens"),
        ),
    ],
)
def test_sdks_understand_our_errors(
    failure: PrivetError, kind: type[openai.APIStatusError], type_: str
) -> None:
    error = raised(failure)
    assert type(error) is kind
    assert (error.code, error.type, error.param) == (failure.code, type_, None)
    assert failure.message in error.message


def test_a_refusal_names_its_rule_and_what_would_help() -> None:
    body = openai_shared.error(PolicyRefused("No.", hint="Ask.", rule="no-cards"), "pvr-1")
    assert json.loads(body)["error"] == {
        "message": "No. Ask.",
        "type": "permission_error",
        "param": None,
        "code": "policy_refused",
        "request_id": "pvr-1",
        "rule": "no-cards",
    }


def test_the_dialect_is_listed_once_under_its_route() -> None:
    assert [dialect.name for dialect in DIALECTS].count("openai.chat") == 1
    assert len(BY_PATH) == len(DIALECTS)
    assert BY_PATH["/v1/chat/completions"].parse is openai_chat.parse
