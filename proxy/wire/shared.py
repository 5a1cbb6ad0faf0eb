"""What adapters of all dialects declare and check with: small specs, the body's shape, offsets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeGuard

from proxy.errors import BadRequest
from proxy.exchange import Offset, Path
from proxy.wire.json_walk import Leaf, Spec

#: A model's name stands in response headers too.
MAX_MODEL_CHARS = 256

#: The members of most citations that count characters.
OFFSETS = ("start_index", "end_index")


def choice(*values: str) -> Spec:
    """A place whose values form a finite set."""
    return Spec(values=frozenset(values))


def media(kind: str, **fields: Spec) -> Spec:
    """A reference to content that can't be read: an object, or as some servers take it, a URL."""
    return Spec(fields=fields, leaf=Leaf.OPAQUE, kind=kind)


def unread(kind: str) -> Spec:
    """A string that stands for content that can't be read."""
    return Spec(leaf=Leaf.OPAQUE, kind=kind)


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


def is_offset(value: Any) -> TypeGuard[int]:
    """Whether a JSON value can count characters."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def offsets_in(
    citation: Any, path: Path, counted: Path, names: tuple[str, str] = OFFSETS
) -> Iterator[Offset]:
    """Where a citation in a request begins and ends in the text at `counted`."""
    if not isinstance(citation, dict):
        return
    for name, end in zip(names, (False, True), strict=True):
        if is_offset(citation.get(name)):
            yield Offset((*path, name), citation[name], counted, end)
