"""Python processes that aren't given all the time that they might take."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path


def run(script: str, limit_s: int) -> int:
    """Run a script in the checkout, with so many CPU seconds; its exit code, negative if stopped."""
    return subprocess.run(
        [sys.executable, "-c", script],
        check=False,
        cwd=Path(__file__).parents[1],
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s)),
    ).returncode
