"""OpenAI Embeddings: what a request of this dialect holds.

An embedding outlives its request: documents are embedded once and found by later queries, often of
other callers of the same tenant. So a value's placeholder is the same for the whole tenant, in
every request (`Scope.TENANT`). Answers hold numbers only, so nothing is restored in them.
Source: OpenAI API reference, "Create embeddings" (POST /v1/embeddings).
"""

from __future__ import annotations

from proxy.exchange import Exchange, Scope
from proxy.wire import strict_json
from proxy.wire.json_walk import DEFAULT, Leaf, Spec
from proxy.wire.openai_shared import walk_prompts
from proxy.wire.restoring import Asked, Restored, Restoring
from proxy.wire.shared import check_object, choice

NAME = "openai.embeddings"

_REQUEST = Spec(
    fields={
        "dimensions": DEFAULT,
        "encoding_format": choice("float", "base64"),
        "user": Spec(leaf=Leaf.PSEUDONYM),
    }
)


def parse(body: bytes, exchange_id: str) -> Exchange:
    """Read a request.

    Raises:
        BadRequest: not strict JSON, or not of this dialect's shape.
    """
    tree = check_object(strict_json.parse(body))
    walk = walk_prompts(tree, "input", _REQUEST)
    return walk.exchange(
        tree,
        body,
        exchange_id,
        NAME,
        json_answer=False,
        scope=Scope.TENANT,
    )


def restore(body: bytes, _restorer: Restoring, asked: Asked) -> Restored:
    """The answer as it came.

    Raises:
        ProviderFailed: it isn't a JSON object.
    """
    asked.meter(strict_json.parse_answer(body))
    return Restored(body)
