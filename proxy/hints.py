"""What was probably meant by a word that isn't known, and which words are known at a place."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel

_LISTED = 20  # as many names as a hint lists
_SEARCHED = 1000  # as many names are compared with one that isn't known


def did_you_mean(name: str, known: Iterable[str], *, or_list: bool = True) -> str:
    """A hint that names the closest of `known`, or those there are when none is close."""
    known = sorted(known)
    near = closest(name, known[:_SEARCHED])
    return near or (f"known: {', '.join(known[:_LISTED])}" if known and or_list else "")


def closest(name: str, known: list[str]) -> str:
    """A hint that names the closest of `known`; empty when none is close."""
    spelt = {word.casefold(): word for word in known}
    close = difflib.get_close_matches(name.casefold(), spelt, n=1)
    return f"did you mean {spelt[close[0]]!r}?" if close else ""


def keys_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> set[str]:
    """The keys that `model` knows at `loc`, through whatever containers and unions lie between."""
    kinds: set[Any] = {model}
    for step in loc:
        kinds = {child for kind in kinds for child in _step_into(kind, step)} or kinds
    return {name for kind in kinds for name in _names(kind)}


def _names(kind: Any) -> Iterator[str]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, info in kind.model_fields.items():
            yield info.alias or name


def _step_into(kind: Any, step: int | str) -> Iterator[Any]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, info in kind.model_fields.items():
            if step == (info.alias or name):
                yield from _members(info.annotation)
    elif typing.get_origin(kind) is dict:
        yield from _members(typing.get_args(kind)[1])
    elif isinstance(step, int) and typing.get_args(kind):
        yield from _members(typing.get_args(kind)[0])


def _members(annotation: Any) -> Iterator[Any]:
    """The types that an annotation may stand for, once unions and Annotated are taken off."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        yield from _members(typing.get_args(annotation)[0])
    elif origin in (typing.Union, types.UnionType):
        for member in typing.get_args(annotation):
            yield from _members(member)
    else:
        yield annotation
