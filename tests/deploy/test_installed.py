"""The wheel, installed where there is no checkout: as an operator has it, and as an auditor does."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from importlib.metadata import distribution
from pathlib import Path

import pytest

from deploy import sbom
from tests.house import House
from tests.simulator import Simulator


def install(folder: Path, wheel: Path, *packages: Path) -> Path:
    """A fresh environment with the wheel in it, and what lies in these folders. Its `bin`."""
    venv.create(folder, symlinks=True, with_pip=False)
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet"]
        + ["--disable-pip-version-check", "--no-compile", "--no-deps", "--no-index", wheel],
        check=True,
    )
    [site] = folder.glob("lib/python*/site-packages")
    # A path that stands in a .pth file is searched, but no .pth file in it is read: so the
    # editable install of the checkout stays out.
    (site / "shared.pth").write_text("".join(f"{package}\n" for package in packages))
    return folder / "bin"


def run(command: list[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def operators(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with all that Privet needs."""
    shared = [Path(place) for place in sys.path if place.endswith("site-packages")]
    return install(tmp_path_factory.mktemp("operator") / "venv", built[0], *shared)


def test_the_installed_command_needs_no_checkout(operators: Path, tmp_path: Path) -> None:
    privet = operators / "privet"
    where = run([operators / "python", "-c", "import proxy; print(proxy.__file__)"], tmp_path)
    assert where.stdout.startswith(str(operators.parent))
    assert run([privet, "init", "etc"], tmp_path).returncode == 0
    packed = run([privet, "policy", "init", "hipaa", "rules"], tmp_path)
    assert packed.returncode == 0, packed.stderr
    found = run([privet, "detect", "explain", "Write to Jane Doe in Boston."], tmp_path)
    assert "PERSON" in found.stdout, found.stderr


async def test_an_auditor_needs_only_cryptography(
    built: tuple[Path, Path], tmp_path: Path, privet: House, simulator: Simulator
) -> None:
    simulator.says("Fine.")
    await privet.client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "Write to Jane Doe."}]
    )
    await privet.services.recorder.settled()
    only = tmp_path / "only"
    only.mkdir()
    waiting = ["cryptography"]
    while waiting:
        name = waiting.pop()
        waiting += [needed.name for needed in sbom.needs(name)]
        for part in {Path(file).parts[0] for file in distribution(name).files or []} - {".."}:
            link = only / part
            if not link.exists():
                link.symlink_to(Path(str(distribution(name).locate_file(part))))
    python = install(tmp_path / "venv", built[0], only) / "python"
    for missing in ("aiohttp", "presidio_analyzer", "spacy", "pydantic", "yaml"):
        assert "ModuleNotFoundError" in run([python, "-c", f"import {missing}"], tmp_path).stderr
    key = privet.folder / "keys" / "log.pub"
    opens = privet.folder / "keys" / "auditor.key"
    checked = run(
        [python, "-m", "audit", "verify", privet.log_folder, "--key", key, "--open", opens],
        tmp_path,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    (record,) = (path for path in privet.log_folder.glob("segments/*.seg"))
    damaged = bytearray(record.read_bytes())
    damaged[-1] ^= 1
    record.write_bytes(damaged)
    found = run([python, "-m", "audit", "verify", privet.log_folder, "--key", key], tmp_path)
    assert found.returncode == 2
