"""The client protocols that Privet speaks: bytes <-> `Exchange`, sans-io."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from proxy.errors import CannotTranslate, PrivetError
from proxy.exchange import Exchange, Path
from proxy.wire import (
    anthropic_answer,
    anthropic_as_chat,
    anthropic_as_responses,
    anthropic_messages,
    anthropic_to_chat,
    chat_as_anthropic,
    chat_to_anthropic,
    openai_chat,
    openai_chat_answer,
    openai_completions,
    openai_embeddings,
    openai_responses,
    openai_responses_answer,
    openai_responses_stream,
    openai_shared,
    responses_to_anthropic,
    writing,
)
from proxy.wire.restoring import AnswerStream, Asked, Restored, Restoring, Sent
from proxy.wire.translation import Translation


def _nothing(_headers: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    return {}, ()


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
        passed_on: the caller's header fields to those that the provider may get, and notes on what
            was left out; raises BadRequest.
    """

    name: str
    path: str
    parse: Callable[[bytes, str], Exchange]
    write: Callable[[Exchange, Mapping[Path, str], str, Mapping[str, str]], Sent]
    restore: Callable[[bytes, Restoring, Asked], Restored]
    stream: Callable[[Restoring, Asked], AnswerStream] | None
    error: Callable[[PrivetError, str], bytes]
    passed_on: Callable[[Mapping[str, str]], tuple[dict[str, str], tuple[str, ...]]] = _nothing


#: One line per dialect; its module holds everything else.
DIALECTS: tuple[Dialect, ...] = (
    Dialect(
        name=openai_chat.NAME,
        path="/v1/chat/completions",
        parse=openai_chat.parse,
        write=writing.write,
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
        write=writing.write,
        restore=openai_chat_answer.restore,
        stream=openai_chat_answer.AnswerStream,
        error=openai_shared.error,
    ),
    Dialect(
        name=openai_embeddings.NAME,
        path="/v1/embeddings",
        parse=openai_embeddings.parse,
        write=writing.write,
        restore=openai_embeddings.restore,
        stream=None,
        error=openai_shared.error,
    ),
    Dialect(
        name=anthropic_messages.NAME,
        path="/v1/messages",
        parse=anthropic_messages.parse,
        write=writing.write,
        restore=anthropic_answer.restore,
        stream=anthropic_answer.AnswerStream,
        error=anthropic_messages.error,
        passed_on=anthropic_messages.passed_on,
    ),
    Dialect(
        name=anthropic_messages.COUNT_TOKENS,
        path="/v1/messages/count_tokens",
        parse=anthropic_messages.parse_count,
        write=writing.write,
        restore=anthropic_answer.restore,
        stream=anthropic_answer.AnswerStream,
        error=anthropic_messages.error,
        passed_on=anthropic_messages.passed_on,
    ),
)

BY_PATH: Mapping[str, Dialect] = {dialect.path: dialect for dialect in DIALECTS}
BY_NAME: Mapping[str, Dialect] = {dialect.name: dialect for dialect in DIALECTS}

#: Which dialect can be put to a provider of which other.
TRANSLATIONS: tuple[Translation, ...] = (
    Translation(
        source=openai_chat.NAME,
        target=anthropic_messages.NAME,
        request=chat_to_anthropic.request,
        answer=anthropic_as_chat.answer,
        stream=anthropic_as_chat.Stream,
    ),
    Translation(
        source=openai_responses.NAME,
        target=anthropic_messages.NAME,
        request=responses_to_anthropic.request,
        answer=anthropic_as_responses.answer,
        stream=anthropic_as_responses.Stream,
    ),
    Translation(
        source=anthropic_messages.NAME,
        target=openai_chat.NAME,
        request=anthropic_to_chat.request,
        answer=chat_as_anthropic.answer,
        stream=chat_as_anthropic.Stream,
    ),
)


def translation(dialect: Dialect, speaks: Callable[[str], bool]) -> Translation | None:
    """How to put a dialect to a provider, by what it speaks; None if it needn't be translated.

    Raises:
        CannotTranslate: it can't be.
    """
    if speaks(dialect.name):
        return None
    for one in TRANSLATIONS:
        if one.source == dialect.name and speaks(one.target):
            return one
    raise CannotTranslate(
        "This model can't be asked on this route.", hint="Use a route that its provider has."
    )
