"""The client protocols that Privet speaks: bytes <-> `Exchange`, sans-io."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from proxy.errors import PrivetError
from proxy.exchange import Exchange, Path
from proxy.wire import (
    openai_chat,
    openai_chat_answer,
    openai_completions,
    openai_embeddings,
    openai_responses,
    openai_responses_answer,
    openai_responses_stream,
    openai_shared,
)
from proxy.wire.restoring import AnswerStream, Asked, Restored, Restoring, Sent


@dataclass(frozen=True, slots=True)
class Dialect:
    """One wire protocol.

    Attributes:
        name: stands in exchanges, records and the declarations of providers that speak it.
        path: the route (always POST) that clients call.
        parse: a body and an exchange id to an `Exchange`; raises BadRequest.
        write: an exchange, its edits, the endpoint's model and the hidden values with their
            placeholders to the body for that endpoint, and the schemas that it had to relax.
        restore: a provider's answer to what the caller gets.
        stream: a restorer for one streamed answer; None where answers never stream.
        error: a failure and the request id to the dialect's error body.
    """

    name: str
    path: str
    parse: Callable[[bytes, str], Exchange]
    write: Callable[[Exchange, Mapping[Path, str], str, Mapping[str, str]], Sent]
    restore: Callable[[bytes, Restoring, Asked], Restored]
    stream: Callable[[Restoring, Asked], AnswerStream] | None
    error: Callable[[PrivetError, str], bytes]


#: One line per dialect; its module holds everything else.
DIALECTS: tuple[Dialect, ...] = (
    Dialect(
        name=openai_chat.NAME,
        path="/v1/chat/completions",
        parse=openai_chat.parse,
        write=openai_chat.write,
        restore=openai_chat_answer.restore,
        stream=openai_chat_answer.AnswerStream,
        error=openai_shared.error,
    ),
    Dialect(
        name=openai_responses.NAME,
        path="/v1/responses",
        parse=openai_responses.parse,
        write=openai_responses.write,
        restore=openai_responses_answer.restore,
        stream=openai_responses_stream.AnswerStream,
        error=openai_shared.error,
    ),
    Dialect(
        name=openai_completions.NAME,
        path="/v1/completions",
        parse=openai_completions.parse,
        write=openai_completions.write,
        restore=openai_chat_answer.restore,
        stream=openai_chat_answer.AnswerStream,
        error=openai_shared.error,
    ),
    Dialect(
        name=openai_embeddings.NAME,
        path="/v1/embeddings",
        parse=openai_embeddings.parse,
        write=openai_embeddings.write,
        restore=openai_embeddings.restore,
        stream=None,
        error=openai_shared.error,
    ),
)

BY_PATH: Mapping[str, Dialect] = {dialect.path: dialect for dialect in DIALECTS}
