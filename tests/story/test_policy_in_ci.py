"""The CI snippets of policies/README.md, run as their systems would: in a clone, before a merge."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from proxy.commands.scaffold import write_pack

README = Path(__file__).parent.parent.parent / "policies" / "README.md"
TIGHTER = (
    "PERSON: {class: confidential, action: placeholder}",
    "PERSON: {class: confidential, action: redact}",
)
LOOSER = (
    "PERSON: {class: confidential, action: placeholder}",
    "PERSON: {class: public, action: allow}",
)
BRANCH = {"GITHUB_BASE_REF": "main", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}


def snippets() -> dict[str, Any]:
    """Each system's file as its YAML says."""
    section = README.read_text().partition("### In CI")[2].partition("### The packs")[0]
    github, gitlab = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    return {"github": yaml.safe_load(github), "gitlab": yaml.safe_load(gitlab)}


def script(system: str) -> str:
    """The commands that a system runs, but for installing, which our tests have behind them."""
    said = snippets()[system]["policy" if system == "gitlab" else "jobs"]
    lines: list[str] = said["script"] if system == "gitlab" else []
    if system == "github":
        lines = [step["run"] for step in said["policy"]["steps"] if "run" in step]
    kept = [line for line in lines if line != "pip install privet"]
    assert len(kept) == len(lines) - 1
    return "\n".join(kept)


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=jo", "-c", "user.email=jo@acme.example"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def clone_with(folder: Path, change: tuple[str, str]) -> Path:
    """A clone of a repository with a reviewed policy, in which it and its tests are changed."""
    origin, clone = folder / "origin", folder / "clone"
    (origin / "policies").mkdir(parents=True)
    git(origin, "init", "-b", "main")
    policy, tests = write_pack("hipaa", origin / "policies")
    git(origin, "add", "-A")
    git(origin, "commit", "-m", "the pack")
    git(folder, "clone", str(origin), str(clone))
    text = policy.read_text()
    assert change[0] in text
    (clone / "policies" / policy.name).write_text(text.replace(*change))
    changed = tests.read_text().replace("PERSON: placeholder", "PERSON: redact")
    if change == LOOSER:  # and whoever did it took out the tests that would have told
        changed = "policy: policy.yaml\n"
    (clone / "policies" / tests.name).write_text(changed)
    return clone


@pytest.mark.parametrize("system", ["github", "gitlab"])
@pytest.mark.parametrize(
    ("change", "code", "said"), [(TIGHTER, 0, "tightens:"), (LOOSER, 1, "the change loosens")]
)
def test_a_merge_request_is_judged(
    system: str, change: tuple[str, str], code: int, said: str, tmp_path: Path
) -> None:
    clone = clone_with(tmp_path, change)
    commands = script(system).replace("/tmp/", f"{tmp_path}/")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-c", commands],
        cwd=clone,
        env=os.environ | BRANCH | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout
    assert (clone / "junit.xml").exists()
