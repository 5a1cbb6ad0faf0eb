"""The provider of a soak, in a process of its own: says back what it read, and looks for planted values.

Run as ``python -m tests.soak.provider``. The first line that it prints is its base URL; after its
standard input has ended, the last one is its verdict (JSON).
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from typing import Any

from proxy.assistant import Reply
from tests import anthropic_scene
from tests.house import said_to
from tests.scene import Heard, Message, Scene, answering
from tests.simulator import Simulator
from tests.soak.planted import leaks


def echo(heard: Heard, scene: Scene) -> Message:
    """The last thing that was said, in the protocol in which it was asked."""
    reply = Reply(_last(heard.json))
    if heard.target in anthropic_scene.PATHS:
        return anthropic_scene.saying(heard, scene, reply)
    return answering(heard, scene, [reply])


def _last(asked: Any) -> str:
    said = asked.get("messages") or asked.get("input")
    content = said if isinstance(said, str) else said[-1]["content"]
    return content if isinstance(content, str) else str(content[-1]["text"])


async def main() -> None:
    """Answer until standard input ends."""
    done = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    heard: Counter[str] = Counter()
    found: list[str] = []
    async with Simulator() as simulator:
        simulator._otherwise = Scene(echo)
        print(simulator.base_url, flush=True)
        while not done.done() or simulator.journal:
            while simulator.journal:
                request = simulator.journal.pop()
                heard["whole" if request.complete else "broken off"] += 1
                if request.complete:
                    found += leaks(request.body.decode("utf-8", "replace"))
                    found += leaks(said_to(request.body))
            await asyncio.sleep(0.05)
    print(json.dumps({"heard": heard, "leaks": found[:20]}))


if __name__ == "__main__":
    asyncio.run(main())
