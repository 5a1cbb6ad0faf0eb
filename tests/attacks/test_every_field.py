"""Values in every field of every dialect at once, in every form: none reaches the provider.

Each form stands in every string and every key that the API leaves to the caller, then in those that
are the protocol's own words too.
"""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from proxy.commands import scaffold
from proxy.detect.detector import Detector
from tests.house import house
from tests.promises.planted import INTRODUCTION, VALUES, leaks
from tests.simulator import Simulator

MAIL, PERSON = VALUES["mail"], VALUES["person"]
SAID = (
    f'{INTRODUCTION}. "See" http://crm.example.com/?who={quote(MAIL, safe="")} and '
    f"{b64encode(MAIL.encode()).decode()}."
)
FORMS = {
    "text": SAID,
    "a name": PERSON,
    "an address": MAIL,
    "an account": VALUES["iban"],
    "JSON in JSON": json.dumps({PERSON: [SAID, json.dumps({MAIL: json.dumps([PERSON, MAIL])})]}),
    "a data: URL": "data:text/plain;base64," + b64encode(SAID.encode()).decode(),
    "a URL": f"https://example.com/{quote(PERSON)}?mail={quote(MAIL, safe='')}",
    "a file": "data:image/png;base64," + b64encode(b"\x89PNG\r\n\x1a\n" + SAID.encode()).decode(),
}
#: A request of each dialect with every field, item and block that its API describes, or nearly: the
#: shapes are those of the official SDKs' types; nobody would send all of it at once.
REQUESTS = json.loads((Path(__file__).parent / "every_field.json").read_text(encoding="utf-8"))
_COUNTED = ("model", "messages", "tools", "system", "tool_choice")
REQUESTS["count_tokens"] = {
    "kind": "anthropic",
    "route": "/v1/messages/count_tokens",
    "body": {name: REQUESTS["messages"]["body"][name] for name in _COUNTED},
}
#: Words of the protocol's own, without which nothing would be what it is, and what is encrypted.
WORDS = {"type", "role", "model", "status", "encrypted_index"}
IN_WORDS_TOO = ("text", "JSON in JSON")
LENIENT = (
    scaffold.starter_policy()
    .replace("unclassified: restricted", "unclassified: public")
    .replace("opaque: {uncovered: internal}", "opaque: {uncovered: public}")
)


def planted(node: Any, value: str, kept: set[str], key: str = "") -> Any:
    """The request with a value in place of every string, and under a key in every object."""
    if isinstance(node, dict):
        inside = {name: planted(below, value, kept, name) for name, below in node.items()}
        return {**inside, "next_year": {value: [value, {"card": 4111111111111111}]}}
    if isinstance(node, list):
        return [planted(below, value, kept, key) for below in node]
    if node == "INTRODUCTION":
        return INTRODUCTION
    return value if isinstance(node, str) and key not in kept else node


@pytest.mark.parametrize("name", REQUESTS)
async def test_nothing_leaks(
    name: str, tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    kind, route, asked = REQUESTS[name].values()
    folder, url = tmp_path / "lenient", simulator.base_url
    answered = 0
    async with (
        house(folder, detector, url, cloud_type=kind, policy=LENIENT) as privet,
        aiohttp.ClientSession(headers={"authorization": f"Bearer {privet.key}"}) as session,
    ):
        for form, value in FORMS.items():
            for kept in (WORDS, {"model"}) if form in IN_WORDS_TOO else (WORDS,):
                simulator.says("Hello")
                body = planted(asked, value, kept)
                async with session.post(privet.root + route, json=body) as answer:
                    said = await answer.text()
                    answered += answer.status == 200
                assert answer.status in (200, 400, 403, 422), (form, said)
                assert "egress_guard" not in said, form
                assert answer.status == 200 or PERSON not in said
    for heard in simulator.journal:
        assert leaks(heard.body) == []
        assert not any(value in heard.target + str(heard.headers) for value in VALUES.values())
    assert answered == len(simulator.journal) == len(FORMS) + len(IN_WORDS_TOO) - 1  # not the file
