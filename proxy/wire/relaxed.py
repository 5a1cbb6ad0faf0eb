"""Schemas of which less was sent than the caller wrote, and what of an answer is to blame on that.

json_schema.py leaves keywords out so that placeholders fit; the restored answer is held against the
caller's own schema (schema_check.py judges).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from proxy.errors import AnswerOffSchema
from proxy.wire.schema_check import MAX_DOCUMENT, Unjudged, fits_schema

#: The notes that an answer earns: relaxing a schema has let values pass that its own refuses;
#: nobody can say.
OFF_SCHEMA = "answer-off-schema"
UNCHECKED = "answer-unchecked"


@dataclass(frozen=True, slots=True)
class Relaxed:
    """A schema of the request of which less was sent.

    Attributes:
        tool: the tool whose arguments it describes, as the caller calls it; None: the answer's.
        own: the caller's own schema.
        sent: the same less what was left out, values still in clear.
        strict: the caller was promised answers that fit it.
    """

    tool: str | None
    own: Any
    sent: Any
    strict: bool


def notes(relaxed: Iterable[Relaxed], tool: str | None, text: str) -> Iterator[str]:
    """What the caller has to know about a restored document.

    Relaxing is to blame for one that fits the schema as it was sent, but not the caller's own. One
    that fits neither is as the model wrote it. What isn't JSON (the model ran out of tokens) is
    nothing to judge.

    Args:
        tool: the tool that the document calls; None: it is the answer itself.

    Raises:
        AnswerOffSchema: relaxing is to blame, and the caller was promised that its schema holds.
    """
    for schema in relaxed:
        if schema.tool != tool:
            continue
        try:
            document = _document(text)
            blame = not fits_schema(document, schema.own) and fits_schema(document, schema.sent)
        except Unjudged:
            yield UNCHECKED
            continue
        except ValueError:
            continue
        if blame and schema.strict:
            raise AnswerOffSchema(
                "The answer holds a value that the request's strict schema doesn't allow.",
                hint="A constraint was left out for hidden values. Ask again, or take format,"
                " pattern or length off the field.",
            )
        if blame:
            yield OFF_SCHEMA


def _document(text: str) -> Any:
    if len(text) > MAX_DOCUMENT:
        raise Unjudged
    try:
        return json.loads(text)
    except RecursionError:
        raise Unjudged from None
