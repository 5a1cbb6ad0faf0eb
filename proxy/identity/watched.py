"""Files of callers, which change while Privet serves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from proxy.exchange import Principal

Proof = TypeVar("Proof")


class WatchedFile(Generic[Proof]):
    """Whom a file lists, by what they prove themselves with. One of the `Callers`.

    Who they are is in `_principals`, as the last version of the file that could be used has them.

    Attributes:
        sound: whether the file could be used when it was last looked at.

    Args:
        read: the file's callers; raises proxy.yaml_file.ConfigError.

    Raises:
        proxy.yaml_file.ConfigError: the file is missing, or isn't of its kind.
    """

    def __init__(self, path: Path, read: Callable[[Path], dict[Proof, Principal]]) -> None:
        self._path = path
        self._read = read
        self._take(_version_of(path))

    def reload_if_changed(self) -> bool:
        """Read the file again if it changed (one `stat` when it didn't) and say whether it had.

        Raises:
            proxy.yaml_file.ConfigError: the changed file can't be used, said once for each
                version of it. The callers that were read before stay in force.
        """
        version = _version_of(self._path)
        if version == self._version:
            return False
        self._take(version)
        return True

    def _take(self, version: tuple[int, ...] | None) -> None:
        self._version, self.sound = version, False
        self._principals = self._read(self._path)
        self.sound = True


def _version_of(path: Path) -> tuple[int, ...] | None:
    """What changes whenever the file does; None while there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
