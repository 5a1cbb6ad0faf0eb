"""When the newest bundle that was ever in force was signed: what outlives a restart.

Without it, whoever can put an old bundle in the place of the newest has only to wait for a restart:
its signatures are still good, and what it let pass may have been withdrawn since.

Invariants: the time in the file only rises; a file that can't be read or written refuses the policy
(P3). It is worth as much as the folder that it is in: keep that from whoever delivers policies.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from proxy.yaml_file import ConfigError, Problem


class Newest:
    """The file that remembers."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def admit(self, signed_at: datetime, bundle: Path) -> None:
        """Remember a bundle that is about to be in force.

        Raises:
            ConfigError: a newer one was, or it can't be remembered.
        """
        newest = self._read(bundle)
        if newest is not None and signed_at < newest:
            message = f"signed at {signed_at}, before the newest that was in force ({newest})"
            hint = "to go back to an older policy, sign it anew"
            self._refuse(bundle, message, hint, "older")
        if newest is None or signed_at > newest:
            self._write(signed_at, bundle)

    def _read(self, bundle: Path) -> datetime | None:
        try:
            return datetime.fromisoformat(self._path.read_text(encoding="ascii").strip())
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            hint = "see to it that it holds the time at which the newest bundle was signed"
            self._refuse(bundle, f"{self._path} can't be read", hint, "newest")

    def _write(self, signed_at: datetime, bundle: Path) -> None:
        # Of several processes each writes the same, and none sees half of it.
        unfinished = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with unfinished.open("w", encoding="ascii") as file:
                file.write(f"{signed_at.isoformat()}\n")
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self._path)
        except OSError:
            hint = "Privet must be able to write there"
            self._refuse(bundle, f"{self._path} can't be written", hint, "newest")

    @staticmethod
    def _refuse(bundle: Path, message: str, hint: str, code: str) -> NoReturn:
        raise ConfigError([Problem(str(bundle), 1, 1, message, hint, code)])
