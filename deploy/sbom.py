"""`make sbom`: what a Privet is made of, as CycloneDX 1.6 (JSON), from the lock file.

Each locked release with the digests of its files, its licence as its own metadata says, and what it
needs in turn; the same bytes for the same lock. Written here because the usual generators take
either the digests from a lock or the graph from what is installed, and bring two dozen packages.
Format: the CycloneDX 1.6 JSON reference.
"""

from __future__ import annotations

import argparse
import json
import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_CHECKOUT = Path(__file__).parent.parent


def locked(text: str) -> dict[str, tuple[str, list[str]]]:
    """A lock file's contents: canonical name -> version and SHA-256 digests.

    Raises:
        ValueError: a line that is neither a comment nor a release pinned with its digests.
    """
    found = {}
    joined = re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", text))
    for line in filter(None, map(str.strip, joined.splitlines())):
        pinned = re.fullmatch(
            r"([\w.-]+)==([\w.!+]+)( *;[^#@]+?)?((?: +--hash=sha256:[0-9a-f]{64})+)", line
        )
        if pinned is None:
            raise ValueError(f"not a name, a version and digests: {line[:80]}")
        name, version, _, digests = pinned.groups()
        found[canonicalize_name(name)] = (version, re.findall(r"[0-9a-f]{64}", digests))
    return found


def needs(name: str, extras: frozenset[str] = frozenset()) -> list[Requirement]:
    """What an installed distribution needs on this platform, with these extras of it."""
    wanted = map(Requirement, distribution(name).requires or [])
    environments = [{"extra": extra} for extra in ("", *extras)]
    return [
        requirement
        for requirement in wanted
        if requirement.marker is None or any(map(requirement.marker.evaluate, environments))
    ]


def bill(project: dict[str, Any], lock: str) -> dict[str, Any]:
    """The bill of materials of the project's table in pyproject.toml with that lock."""
    releases = locked(lock)
    own = {
        "type": "application",
        "bom-ref": f"pkg:pypi/{project['name']}@{project['version']}",
        "name": project["name"],
        "version": project["version"],
        "description": project["description"],
        "licenses": [{"license": {"id": project["license"]}}],
    }
    direct = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    graph = {str(own["bom-ref"]): direct}
    components = []
    for name, (version, digests) in sorted(releases.items()):
        components.append(_component(name, version, digests))
        graph[_reference(name, version)] = {
            canonicalize_name(requirement.name) for requirement in needs(name)
        }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": own},
        "components": components,
        "dependencies": [
            {
                "ref": reference,
                "dependsOn": [_reference(n, releases[n][0]) for n in sorted(names & set(releases))],
            }
            for reference, names in graph.items()
        ],
    }


def _component(name: str, version: str, digests: list[str]) -> dict[str, Any]:
    """One release; each file of it that may be installed is a distribution with its digest."""
    reference = _reference(name, version)
    component = {
        "type": "library",
        "bom-ref": reference,
        "name": name,
        "version": version,
        "purl": reference,
        "externalReferences": [
            {
                "type": "distribution",
                "url": reference,
                "hashes": [{"alg": "SHA-256", "content": digest}],
            }
            for digest in digests
        ],
    }
    if licence := _licence(name):
        component["licenses"] = [licence]
    return component


def _licence(name: str) -> dict[str, Any] | None:
    """As its metadata says: an SPDX expression (PEP 639), else the classifier's words."""
    try:
        metadata = distribution(name).metadata
    except PackageNotFoundError:
        return None
    if expression := metadata.get("License-Expression"):
        return {"expression": expression}
    classifiers = metadata.get_all("Classifier") or []
    said = [c.rpartition(" :: ")[2] for c in classifiers if c.startswith("License :: ")]
    return {"license": {"name": said[0]}} if said else None


def _reference(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make sbom", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("dist"))
    folder = parser.parse_args().folder
    about = tomllib.loads((_CHECKOUT / "pyproject.toml").read_text())["project"]
    made = bill(about, (_CHECKOUT / "requirements.lock").read_text())
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{about['name']}-{about['version']}.cdx.json"
    path.write_text(json.dumps(made, indent=2) + "\n")
    print(path)
