"""OpenAI Completions (the older API of prompts): what a request of this dialect holds.

Answers are those of Chat Completions with a `text` instead of a message (openai_chat_answer.py).
Source: OpenAI API reference, "Create completion" (POST /v1/completions).
"""

from __future__ import annotations

from proxy.exchange import Exchange
from proxy.wire import strict_json
from proxy.wire.json_walk import DEFAULT, Leaf, Spec
from proxy.wire.openai_shared import walk_prompts
from proxy.wire.shared import check_kinds, check_object

NAME = "openai.completions"

_REQUEST = Spec(
    fields={
        "stream_options": Spec(fields={"include_usage": DEFAULT, "include_obfuscation": DEFAULT}),
        "user": Spec(leaf=Leaf.PSEUDONYM),
        **dict.fromkeys(
            (
                *("best_of", "echo", "frequency_penalty", "logit_bias", "logprobs", "max_tokens"),
                *("n", "presence_penalty", "seed", "stop", "stream", "suffix", "temperature"),
                "top_p",
            ),
            DEFAULT,
        ),
    }
)


def parse(body: bytes, exchange_id: str) -> Exchange:
    """Read a request.

    Raises:
        BadRequest: not strict JSON, or not of this dialect's shape.
    """
    tree = check_object(strict_json.parse(body))
    check_kinds(
        tree,
        ("stream", bool, "true or false"),
        ("stream_options", dict, "an object"),
        ("n", int, "a number"),
    )
    walk = walk_prompts(tree, "prompt", _REQUEST)
    return walk.exchange(tree, body, exchange_id, NAME, json_answer=False)
