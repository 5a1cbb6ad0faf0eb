"""`make dist`: the wheel and the sdist of the commit that is checked out, byte by byte.

Whoever builds that commit gets the same bytes. The sources come out of git, so no stray file and no
local edit gets in; times are the commit's and modes are git's. The sdist is the whole tree of that
commit, tests and lock files too, with the metadata that pip asks for beside it. Nothing is fetched:
the build runs on what the lock file installed.
"""

from __future__ import annotations

import argparse
import gzip
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

_CHECKOUT = Path(__file__).parent.parent


def build(folder: Path) -> tuple[Path, Path]:
    """Write both into the folder; returns wheel and sdist."""
    folder.mkdir(parents=True, exist_ok=True)
    seconds = int(_git("log", "-1", "--format=%ct"))
    tree = _git("archive", "--format=tar", "HEAD")
    wheel = _wheel(tree, seconds, folder)
    name = "-".join(wheel.name.split("-")[:2])
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"{name}.dist-info/METADATA")
    return wheel, _sdist(tree, metadata, seconds, folder / f"{name}.tar.gz")


def _wheel(tree: bytes, seconds: int, folder: Path) -> Path:
    with tempfile.TemporaryDirectory() as scratch:
        source, built = Path(scratch, "source"), Path(scratch, "built")
        with tarfile.open(fileobj=io.BytesIO(tree)) as archive:
            archive.extractall(source, filter="tar")  # takes away what others may write
        subprocess.run(  # noqa: S603 — pip, on what git gave
            [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
            + ["--no-deps", "--no-index", "--no-cache-dir", "--no-build-isolation"]
            + ["--wheel-dir", built, source],
            env={**os.environ, "SOURCE_DATE_EPOCH": str(seconds)},
            check=True,
        )
        [wheel] = built.iterdir()
        placed = folder / wheel.name
        placed.write_bytes(wheel.read_bytes())
        return placed


def _sdist(tree: bytes, metadata: bytes, seconds: int, path: Path) -> Path:
    """The tree under the name and version (PEP 625), PKG-INFO among it (core metadata)."""
    root = path.name.removesuffix(".tar.gz")
    packed = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(tree)) as source,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as target,
    ):
        about = tarfile.TarInfo(f"{root}/PKG-INFO")
        about.size, about.mtime = len(metadata), seconds
        target.addfile(about, io.BytesIO(metadata))
        for member in source:
            member.name = f"{root}/{member.name}"
            member.mode &= 0o755
            member.pax_headers = {}
            target.addfile(member, source.extractfile(member) if member.isfile() else None)
    path.write_bytes(gzip.compress(packed.getvalue(), mtime=0))
    return path


def _git(*arguments: str) -> bytes:
    return subprocess.run(  # noqa: S603 — our own arguments only
        ["git", *arguments],  # noqa: S607
        cwd=_CHECKOUT,
        capture_output=True,
        check=True,
    ).stdout


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make dist", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("dist"))
    for made in build(parser.parse_args().folder):
        print(made)
