"""What OpenAI's protocols have in common: prompts, errors, citations that count characters.

Source: OpenAI API reference, "Error codes".
"""

from __future__ import annotations

from typing import Any

from proxy.errors import BadRequest, PrivetError
from proxy.exchange import Author, Channel, OpaquePart, Path
from proxy.wire import strict_json
from proxy.wire.json_walk import DEFAULT, Spec, Walk
from proxy.wire.restoring import Restoring, TextStream
from proxy.wire.shared import OFFSETS, choice, is_offset

_KINDS = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


#: Where a provider's prompt cache may end.
BREAKPOINT = Spec(fields={"mode": choice("explicit"), "ttl": choice("30m", "12h")})


def walk_prompts(tree: dict[str, Any], name: str, request: Spec) -> Walk:
    """Collect a request's fields, then the prompts that it has under `name`.

    A prompt is a string or several. One in token ids, or several of those, can't be read: ids are
    the vocabulary's numbers, and only a model's own tokenizer knows what they say.

    Raises:
        BadRequest: it has no prompts.
    """
    if not isinstance(tree.get(name), str | list):
        raise BadRequest(f"`{name}` has to be a string or an array.")
    walk = Walk(Author.FIELD)
    walk.members(tree, request, sorted(tree.keys() - {name, "model"}))
    walk.author = Author.USER
    _visit_prompts(walk, tree[name], (name,))
    return walk


def _visit_prompts(walk: Walk, given: Any, path: Path) -> None:
    if not isinstance(given, list):
        walk.visit(given, DEFAULT, path, depth=1)
    elif given and all(isinstance(item, int) for item in given):
        walk.opaque.append(OpaquePart(path, "tokens"))
    else:
        for position, item in enumerate(given):
            _visit_prompts(walk, item, (*path, position))


def error(failure: PrivetError, request_id: str) -> bytes:
    """The error body that OpenAI's SDKs understand, with the deciding rule and a hint."""
    return strict_json.dumps({"error": error_detail(failure, request_id)})


def error_detail(failure: PrivetError, request_id: str) -> dict[str, Any]:
    """What an error body says."""
    kind = failure.kind or _KINDS.get(failure.status)
    if kind is None:
        kind = "server_error" if failure.status >= 500 else "invalid_request_error"
    return {
        "message": failure.message + (f" {failure.hint}" if failure.hint else ""),
        "type": kind,
        "param": None,
        "code": failure.code,
        "request_id": request_id,
        **({"rule": failure.rule} if failure.rule else {}),
    }


def read_again(text: str, restorer: Restoring, channel: Channel) -> TextStream:
    """A whole text as the stream that `move_offsets` asks."""
    stream = restorer.stream(channel)
    stream.feed(text)
    stream.close()
    return stream


def move_offsets(citation: object, cited: TextStream) -> None:
    """Move a citation's offsets, which count characters of what `cited` was fed."""
    if not isinstance(citation, dict):
        return
    for name in OFFSETS:
        if is_offset(citation.get(name)):
            citation[name] = cited.moved(citation[name])
