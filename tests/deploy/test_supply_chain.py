"""What Privet is built from and how: lock files, bill of materials, the same bytes twice."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy import dist, sbom

PROJECT = tomllib.loads(Path("pyproject.toml").read_text())["project"]
LOCKS = {
    "requirements.lock": PROJECT["dependencies"],
    "requirements-dev.lock": PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"],
}


def applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate()


@pytest.mark.parametrize("name", [*LOCKS, "requirements-fuzz.lock", "requirements-model.lock"])
def test_a_lock_holds_names_versions_and_digests_and_nothing_else(name: str) -> None:
    text = Path(name).read_text()
    assert sbom.locked(text)
    assert "://" not in text
    assert " @ " not in text
    with pytest.raises(ValueError, match="not a name"):
        sbom.locked(text + "\nsomething==1.0\n")
    with pytest.raises(ValueError, match="not a name"):
        sbom.locked("--extra-index-url https://elsewhere.example\n" + text)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_what_pyproject_asks_for(name: str) -> None:
    releases = sbom.locked(Path(name).read_text())
    waiting = [one for one in map(Requirement, LOCKS[name]) if applies(one)]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement = waiting.pop()
        needed = canonicalize_name(requirement.name)
        assert needed in releases, f"{needed} isn't locked: make lock"
        assert requirement.specifier.contains(releases[needed][0], prereleases=True), requirement
        step = (needed, frozenset(requirement.extras))
        if step not in seen:
            seen.add(step)
            waiting += sbom.needs(*step)
    nobodys = set(releases) - {needed for needed, _ in seen}
    assert not nobodys, "locked, and nothing asks for it"


def test_what_is_tested_is_what_is_served() -> None:
    served, tested = (sbom.locked(Path(name).read_text()) for name in LOCKS)
    assert {name: tested.get(name) for name in served} == served


def test_the_bill_of_materials_is_the_locks() -> None:
    lock = Path("requirements.lock").read_text()
    made = sbom.bill(PROJECT, lock)
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    listed = {
        one["name"]: (
            one["version"],
            [r["hashes"][0]["content"] for r in one["externalReferences"]],
        )
        for one in made["components"]
    }
    assert listed == sbom.locked(lock)
    graph = {one["ref"]: one["dependsOn"] for one in made["dependencies"]}
    root = made["metadata"]["component"]["bom-ref"]
    assert len(graph[root]) == len(PROJECT["dependencies"])
    assert all(reference in graph for names in graph.values() for reference in names)
    reached, waiting = set(), [root]
    while waiting:
        reference = waiting.pop()
        if reference not in reached:
            reached.add(reference)
            waiting += graph[reference]
    assert reached == set(graph), "something is in the bill that nothing needs"
    assert json.dumps(made) == json.dumps(sbom.bill(PROJECT, lock))


def test_the_same_commit_is_the_same_bytes(built: tuple[Path, Path], tmp_path: Path) -> None:
    again = dist.build(tmp_path / "again")
    for first, second in zip(built, again, strict=True):
        assert first.name == second.name
        assert first.read_bytes() == second.read_bytes()


def test_a_wheel_built_from_the_sdist_is_the_wheel(
    built: tuple[Path, Path], tmp_path: Path
) -> None:
    wheel, sdist = built
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    [source] = tmp_path.iterdir()
    assert (source / "requirements-dev.lock").exists()
    assert (source / "PKG-INFO").read_text().startswith("Metadata-Version")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
        + ["--no-build-isolation", "--wheel-dir", tmp_path, source],
        check=True,
    )
    with zipfile.ZipFile(wheel) as ours, zipfile.ZipFile(tmp_path / wheel.name) as theirs:
        assert {i.filename: i.CRC for i in ours.infolist()} == {
            i.filename: i.CRC for i in theirs.infolist()
        }


def test_a_wheel_holds_every_file_of_its_packages_and_no_other(built: tuple[Path, Path]) -> None:
    wheel, sdist = built
    listed = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.split("\n")[:-1]
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert inside == {name for name in listed if re.match(r"(proxy|audit|policies)/", name)}
    with tarfile.open(sdist) as archive:
        held = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert set(listed) <= held
