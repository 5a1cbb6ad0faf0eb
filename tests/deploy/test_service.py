"""The unit, the image and the compose file: what can be checked where neither systemd nor a builder runs.

systemd's own tools read the unit, and Privet is really run with what unit and image take away. No
image is built here: of the Dockerfile, its commands and files are checked. `trial.sh` does the rest by hand.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.debian import program
from tests.house import write_configuration
from tests.manager import listening_at

UNIT = Path("deploy/privet.service").read_text()
DOCKERFILE = Path("deploy/Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(Path("deploy/compose.yaml").read_text())["services"]

#: As the unit and the image have it: nothing can be written but the state and /tmp, no capability,
#: no memory that is both written and run (prctl(2), PR_SET_MDWE), of /proc the processes only.
CONFINED = """
mount --make-rprivate /
for place in $(awk '{print $2}' /proc/mounts | sort -u); do
  case $place in /dev*|/sys*|/proc*) ;; *) mount -o remount,bind,ro $place || exit 1 ;; esac
done
mount -t tmpfs -o noexec,nosuid,nodev tmpfs /mnt
mount --bind "$STATE" "$STATE" && mount -o remount,bind,rw "$STATE"
mount -t proc -o subset=pid,hidepid=invisible proc /proc
touch "$STATE/may-write" || exit 1
touch "$OUTSIDE/may-not-write" 2>/dev/null && exit 1
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
"""
NO_NEW_CODE = """
import ctypes, os, sys
assert ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) == 0
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.fixture
def unit(tmp_path: Path) -> str:
    """The unit with a program that is here."""
    command = "/opt/privet/bin/privet"
    assert command in UNIT
    path = tmp_path / "privet.service"
    path.write_text(UNIT.replace(command, sys.executable))
    return str(path)


def test_systemd_reads_the_unit(unit: str) -> None:
    done = subprocess.run(
        [program("systemd-analyze", "systemd"), "verify", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_its_exposure_is_two_at_most(unit: str) -> None:
    done = subprocess.run(
        [program("systemd-analyze", "systemd"), "security", "--offline=true", "--no-pager"]
        + ["--threshold=20", unit],  # tenths
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    level = re.search(r"Overall exposure level for privet.service: ([\d.]+)", done.stdout)
    assert level is not None
    assert float(level[1]) <= 2.0


def test_privet_serves_with_everything_taken_away(tmp_path: Path) -> None:
    """Ready, and a record written, on a read-only disk without a capability."""
    if os.geteuid() != 0 and os.environ.get("CI") != "true":
        pytest.skip("only root may take its own file systems away")
    state = tmp_path / "state"
    state.mkdir()
    etc = tmp_path / "etc"
    write_configuration(
        etc,
        "http://127.0.0.1:9/v1",
        settings={"dir: audit ": f"dir: {state}/audit "},
        extra="admin_listen: 127.0.0.1:0\n",
    )
    command = ["unshare", "--mount", "sh", "-ec", CONFINED, "sh", sys.executable, "-c", NO_NEW_CODE]
    serve = [sys.executable, "-m", "proxy", "serve", "--config", str(etc / "privet.yaml")]
    environment = {
        **os.environ,
        "STATE": str(state),
        "OUTSIDE": str(tmp_path),
        "TMPDIR": "/mnt",
        "NOTIFY_SOCKET": str(state / "manager"),
        "PYTHONPATH": str(Path.cwd()),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with (
        listening_at(state / "manager") as told,
        subprocess.Popen(
            [*command, *serve],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        printed = []
        for line in process.stdout:
            printed.append(line)
            if '"serving"' in line:
                break
        assert told.recv(100) == b"READY=1"
        process.send_signal(signal.SIGTERM)
        assert told.recv(100) == b"STOPPING=1"
        printed.append(process.stdout.read())
    assert process.returncode == 0, "".join(printed)
    assert any('"serving"' in line for line in printed), "".join(printed)
    assert any((state / "audit").rglob("*.seg")), "no record was written"


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, comments left out and lines joined."""
    text = re.sub(r"(?m)^#.*\n", "", DOCKERFILE).replace("\\\n", " ")
    return [
        (name, rest)
        for name, _, rest in (line.partition(" ") for line in text.splitlines())
        if name
    ]


def test_the_image_is_nobodys_and_holds_what_is_locked() -> None:
    steps = instructions()
    assert [name for name, _ in steps].count("FROM") == 2, "the builder stays out of the image"
    last = [name for name, _ in steps].index("FROM", 2)
    final = steps[last:]
    (user,) = [rest for name, rest in final if name == "USER"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert final.index(("USER", user)) < [name for name, _ in final].index("ENTRYPOINT")
    (made,) = [rest for name, rest in final if name == "RUN"]
    (volume,) = [yaml.safe_load(rest) for name, rest in final if name == "VOLUME"]
    owner, group = user.split(":")
    assert shlex.split(made) == [
        *("install", "--directory", f"--owner={owner}", f"--group={group}", "--mode=0700"),
        *volume,
    ], "a new volume is as the folder in its place, and else root's"
    names = [name for name, _ in final]
    assert names.index("RUN") < names.index("VOLUME"), "what comes after it is thrown away"
    assert not any(name == "ADD" for name, _ in steps)
    installs = [rest for name, rest in steps if name == "RUN" and "pip install" in rest]
    assert all("--require-hashes" in one or "--no-index" in one for one in installs)
    assert all("--no-deps" in one for one in installs)


def test_its_builder_sees_what_it_copies_and_no_more() -> None:
    ignored = Path("deploy/Dockerfile.dockerignore").read_text().split()
    copied = [
        source
        for name, rest in instructions()
        if name == "COPY" and not rest.startswith("--from")
        for source in shlex.split(rest)[:-1]
    ]
    assert all(Path(source).exists() for source in copied)
    assert {line[1:] for line in ignored if line.startswith("!")} == set(copied)
    assert "*" in ignored
    packages = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    wanted = {pattern.rstrip("*") for pattern in packages["find"]["include"]}
    assert wanted <= set(copied)


def test_its_commands_exist(built: tuple[Path, Path]) -> None:
    """What is started in the image is what the wheel brings; options too."""
    import zipfile

    with zipfile.ZipFile(built[0]) as wheel:
        (entry,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
        assert "privet = proxy.cli:main" in wheel.read(entry).decode()
    command = dict(instructions())
    assert command["ENTRYPOINT"] == '["privet"]'
    assert 'CMD ["serve", "--config"' in DOCKERFILE
    check = re.search(r'CMD (\["python".*\])', DOCKERFILE)
    assert check is not None
    program_text = yaml.safe_load(check[1])[2]
    compile(program_text, "HEALTHCHECK", "exec")
    assert "/readyz" in program_text


def test_compose_takes_the_same_away() -> None:
    privet = COMPOSE["privet"]
    assert privet["read_only"] is True
    assert privet["user"] == dict(instructions())["USER"]
    for service in COMPOSE.values():
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert ":latest" not in service["image"]
        assert ":" in service["image"]
    published = {name: service.get("ports", []) for name, service in COMPOSE.items()}
    assert published["privet"] == ["8080:8080"], "the admin listener isn't for callers"
    for name in ("prometheus", "grafana"):
        assert all(port.startswith("127.0.0.1:") for port in published[name])
    for service in COMPOSE.values():
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            assert (
                source == "./etc" or not source.startswith(".") or Path("deploy", source).exists()
            )


def test_settings_from_the_environment_are_settings() -> None:
    from proxy.config import ENVIRONMENT

    lines = [shlex.split(rest) for name, rest in instructions() if name == "ENV"]
    image = dict(setting.split("=", 1) for line in lines for setting in line)
    named = {name for name in (*image, *COMPOSE["privet"]["environment"]) if name[:7] == "PRIVET_"}
    assert named <= set(ENVIRONMENT)
    # By itself it serves outside the container, and is healthy: what asks finds the listener.
    assert image["PRIVET_LISTEN"] == "0.0.0.0:8080"
    assert f"http://{image['PRIVET_ADMIN_LISTEN']}/readyz" in DOCKERFILE
