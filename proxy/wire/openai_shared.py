"""What OpenAI's protocols have in common: small declarations, the model's name, errors.

Source: OpenAI API reference, "Error codes".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeGuard

from proxy.errors import BadRequest, PrivetError
from proxy.exchange import Channel, Offset, OpaquePart, Path
from proxy.wire import strict_json
from proxy.wire.json_walk import DEFAULT, Leaf, Spec, Walk
from proxy.wire.restoring import Restoring, TextStream

#: A model's name stands in response headers too.
MAX_MODEL_CHARS = 256

_OFFSETS = ("start_index", "end_index")
_KINDS = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def choice(*values: str) -> Spec:
    """A place whose values form a finite set."""
    return Spec(values=frozenset(values))


def media(kind: str, **fields: Spec) -> Spec:
    """A reference to content that can't be read: an object, or as some servers take it, a URL."""
    return Spec(fields=fields, leaf=Leaf.OPAQUE, kind=kind)


def unread(kind: str) -> Spec:
    """A string that stands for content that can't be read."""
    return Spec(leaf=Leaf.OPAQUE, kind=kind)


#: Where a provider's prompt cache may end.
BREAKPOINT = Spec(fields={"mode": choice("explicit"), "ttl": choice("30m", "12h")})


def check_object(tree: Any) -> dict[str, Any]:
    """The body as an object that names a model.

    Raises:
        BadRequest: it isn't one.
    """
    if not isinstance(tree, dict):
        raise BadRequest("The body has to be a JSON object.")
    model = tree.get("model")
    if not isinstance(model, str) or not 0 < len(model) <= MAX_MODEL_CHARS:
        raise BadRequest(f"`model` has to be a string of at most {MAX_MODEL_CHARS} characters.")
    if not model.isprintable():
        raise BadRequest("`model` holds a character that no name has.")
    return tree


def check_kinds(tree: dict[str, Any], *kinds: tuple[str, type, str]) -> None:
    """Members that are there have their kind.

    Args:
        kinds: a member's name, its type, and that type in words.

    Raises:
        BadRequest: one hasn't.
    """
    for name, kind, said in kinds:
        if not isinstance(tree.get(name), kind | None):
            raise BadRequest(f"`{name}` has to be {said}.")


def visit_prompts(walk: Walk, given: Any, path: Path) -> None:
    """Collect prompts: a string or several; one in token ids, or several of those, can't be read.

    Ids are the vocabulary's numbers: only a model's own tokenizer knows what they say.
    """
    if not isinstance(given, list):
        walk.visit(given, DEFAULT, path, depth=1)
    elif given and all(isinstance(item, int) for item in given):
        walk.opaque.append(OpaquePart(path, "tokens"))
    else:
        for position, item in enumerate(given):
            visit_prompts(walk, item, (*path, position))


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


def is_offset(value: Any) -> TypeGuard[int]:
    """Whether a JSON value can count characters."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def offsets_in(
    citation: Any, path: Path, counted: Path, names: tuple[str, str] = _OFFSETS
) -> Iterator[Offset]:
    """Where a citation in a request begins and ends in the text at `counted`."""
    if not isinstance(citation, dict):
        return
    for name, end in zip(names, (False, True), strict=True):
        if is_offset(citation.get(name)):
            yield Offset((*path, name), citation[name], counted, end)


def move_offsets(citation: object, cited: TextStream) -> None:
    """Move a citation's offsets, which count characters of what `cited` was fed."""
    if not isinstance(citation, dict):
        return
    for name in _OFFSETS:
        if is_offset(citation.get(name)):
            citation[name] = cited.moved(citation[name])
