"""A value that is found in one spelling doesn't slip out in another one."""

from __future__ import annotations

import json

import pytest

from proxy.assistant import Reply
from tests.house import House
from tests.simulator import Simulator

CARD = "4929 1234 5678 9015"  # passes Luhn's check, and is nobody's
WAYS = {
    "in a URL": "See https://shop.example/cards/4929%201234%205678%209015 now.",
    "in HTML": "Her credit card is 4929&#32;1234&#32;5678&#32;9015.",
}
ELSEWHERE = {
    "in an identifier": "use_4929_1234_5678_9015_here",
    "in a form's query": "https://shop.example/?q=4929+1234+5678+9015",
    "as it is and in a form's query": f"https://shop.example/?q=4929+1234+5678+9015 is {CARD}",
}


@pytest.mark.parametrize("elsewhere", ELSEWHERE.values(), ids=ELSEWHERE)
@pytest.mark.parametrize("found", WAYS.values(), ids=WAYS)
async def test_what_is_found_in_escapes_is_hidden_without_them(
    found: str, elsewhere: str, privet: House, simulator: Simulator
) -> None:
    simulator.says("Noted.")
    response = await privet.client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": found}, {"role": "user", "content": elsewhere}],
    )
    assert response.choices[0].message.content == "Noted."
    (heard,) = simulator.journal
    sent = json.dumps(heard.json)
    assert "CREDIT_CARD_1" in sent
    assert "5678" not in sent


@pytest.mark.parametrize("number", ["4.929123456789015E15", "4929123456789015e0"])
async def test_a_card_in_scientific_notation_is_hidden_and_comes_back(
    number: str, privet: House, simulator: Simulator
) -> None:
    simulator.otherwise(lambda asked: Reply(f"It was {asked['ledger']['of']}."))
    said = json.dumps([{"role": "user", "content": f"My credit card is {CARD}."}])
    response = await privet.client._client.post(
        f"{privet.root}/v1/chat/completions",
        content=f'{{"model":"gpt-4o-mini","messages":{said},"ledger":{{"of":{number}}}}}',
        headers={"Authorization": f"Bearer {privet.key}", "Content-Type": "application/json"},
    )
    assert response.json()["choices"][0]["message"]["content"] == "It was 4929123456789015."
    (heard,) = simulator.journal
    assert int(heard.json["ledger"]["of"]) != int(CARD.replace(" ", ""))


async def test_a_name_in_slugs_and_ids_is_hidden_and_comes_back(
    privet: House, simulator: Simulator
) -> None:
    slug = "margarethe-hollenbach"
    simulator.otherwise(lambda asked: Reply(asked["messages"][0]["content"]))
    call = {"id": slug, "type": "function", "function": {"name": f"mail-{slug}", "arguments": "{}"}}
    response = await privet.client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[
            {"role": "user", "content": f"Open https://people.example/{slug} and {slug}.pdf."},
            {"role": "assistant", "tool_calls": [call]},  # type: ignore[list-item, misc]  # a dict
            {"role": "tool", "tool_call_id": slug, "content": "Sent."},
            {"role": "user", "content": "My name is Margarethe Hollenbach."},
        ],
    )
    said = f"Open https://people.example/{slug} and {slug}.pdf."
    assert response.choices[0].message.content == said
    (heard,) = simulator.journal
    assert b"hollenbach" not in heard.body.lower()
    _, asked, result, _ = heard.json["messages"]
    assert asked["tool_calls"][0]["id"] == result["tool_call_id"]


SHORT = {
    "a file": "open hollenbach_contract.pdf",
    "a field": "last=Hollenbach",
    "a URL": "https://crm.example/team/hollenbach?to=Hollenbach",
    "a host": "ping portal.hollenbach.example/x",
    "a folder": "/srv/homes/mhollenbach/.ssh",
    "JSON in text": 'log: {"who": "HOLLENBACH", "id": 7',
    "Markdown": "| **Margarethe** | *Hollenbach* |",
}


@pytest.mark.parametrize("said", SHORT.values(), ids=SHORT)
async def test_a_part_of_a_name_is_hidden_where_no_model_reads_prose_and_comes_back(
    said: str, privet: House, simulator: Simulator
) -> None:
    simulator.otherwise(lambda asked: Reply(asked["messages"][0]["content"]))
    response = await privet.client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[
            {"role": "user", "content": said},
            {"role": "user", "content": "My name is Margarethe Hollenbach."},
        ],
    )
    assert response.choices[0].message.content == said
    (heard,) = simulator.journal
    assert b"hollenbach" not in heard.body.lower()
