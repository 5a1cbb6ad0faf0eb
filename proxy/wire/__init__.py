"""The client protocols that Privet speaks: bytes <-> `Exchange`, sans-io."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from proxy.errors import PrivetError
from proxy.exchange import Exchange, Path
from proxy.wire import openai_chat, openai_chat_answer, openai_shared
from proxy.wire.openai_chat_answer import AnswerStream
from proxy.wire.restoring import Asked, Restored, Restoring, Sent


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
        stream: a restorer for one streamed answer.
        error: a failure and the request id to the dialect's error body.
    """

    name: str
    path: str
    parse: Callable[[bytes, str], Exchange]
    write: Callable[[Exchange, Mapping[Path, str], str, Mapping[str, str]], Sent]
    restore: Callable[[bytes, Restoring, Asked], Restored]
    stream: Callable[[Restoring, Asked], AnswerStream]
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
)

BY_PATH: Mapping[str, Dialect] = {dialect.path: dialect for dialect in DIALECTS}
