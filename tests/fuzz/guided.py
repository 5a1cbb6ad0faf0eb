"""`python -m tests.fuzz.guided`: atheris chooses the bytes by what code they reach (`make fuzz`).

Each target runs in a process of its own for so many seconds. A finding ends the campaign with exit
code 1 and names the file that holds its bytes: `python -m tests.fuzz.guided TARGET FILE` runs those.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import atheris

if TYPE_CHECKING:
    from tests.fuzz.targets import Target

#: One line per target in targets.py; that is imported by the process that fuzzes it, instrumented.
NAMES = ("parser", "walker", "events", "restorer", "answers", "policy", "log")


def main() -> int:
    """Run one target's file, one target's campaign, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.guided", description=__doc__)
    parser.add_argument("target", nargs="?", choices=NAMES)
    parser.add_argument("file", nargs="?", type=Path, help="bytes of a finding")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--corpus", type=Path, help="what was found to reach new code stays here")
    chosen = parser.parse_args()
    if chosen.file:
        _target(chosen.target).run(chosen.file.read_bytes())
        return 0
    if chosen.target:
        _campaign(chosen.target, chosen.seconds, chosen.corpus or Path(tempfile.mkdtemp()))
    return max([_in_a_process(name, chosen.seconds) for name in NAMES])


def _target(name: str) -> Target:
    with atheris.instrument_imports(include=["audit", "proxy", "tests.fuzz"]):
        from tests.fuzz.targets import targets
    return targets()[name]


def _campaign(name: str, seconds: int, corpus: Path) -> None:
    """Doesn't return: libFuzzer ends the process."""
    target = _target(name)
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    limits = [f"-max_total_time={seconds}", "-timeout=30", "-max_len=1024", "-rss_limit_mb=4096"]
    limits += ["-print_final_stats=1", f"-artifact_prefix={corpus}/"]
    atheris.Setup(["fuzz", *limits, str(corpus)], target.run)
    atheris.Fuzz()


def _in_a_process(name: str, seconds: int) -> int:
    command = [sys.executable, "-m", "tests.fuzz.guided", name, "--seconds", str(seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    said = done.stdout.decode("utf-8", "replace")
    inputs = re.search(r"number_of_executed_units: (\d+)", said)
    reached = re.findall(r"cov: (\d+)", said)
    print(
        f"{name:10} {inputs[1] if inputs else '?':>9} inputs, {reached[-1] if reached else '?'} places reached"
    )
    if done.returncode:
        print(said)
    return int(done.returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
