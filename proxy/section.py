"""What every section of privet.yaml is, and the one that says where a key lives."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

_KEY_COMMAND_TIMEOUT_S = 30
_UNSENDABLE = "a key with characters that no header may carry"


class Section(BaseModel):
    """Strict, immutable, and without room for a misspelt key."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class KeySource(Section):
    """Where a key lives. Exactly one of the three.

    Attributes:
        env: name of an environment variable.
        file: a file with nothing but the key in it.
        command: a program and its arguments that print the key, for a vault or KMS.
    """

    env: str | None = None
    file: str | None = None
    command: tuple[str, ...] | None = Field(default=None, strict=False, min_length=1)

    @model_validator(mode="after")
    def _exactly_one(self) -> KeySource:
        if sum(value is not None for value in (self.env, self.file, self.command)) != 1:
            raise ValueError("give exactly one of env, file or command")
        return self

    @property
    def where(self) -> str:
        """The place, in words."""
        if self.env is not None:
            return f"the environment variable {self.env}"
        return f"the file {self.file}" if self.file is not None else "the key command"

    def text(self, folder: Path) -> str:
        """What stands there; raises ValueError when there is nothing."""
        if self.env is not None:
            key = os.environ.get(self.env, "").strip()
        elif self.file is not None:
            try:
                key = (folder / self.file).read_text(encoding="ascii").strip()
            except OSError as error:
                raise ValueError(f"{self.where} can't be read ({error.strerror})") from None
            except UnicodeDecodeError:
                raise ValueError(f"{self.where} holds {_UNSENDABLE}") from None
        else:
            key = _run(self.command or ())
        if not key:
            raise ValueError(f"{self.where} holds no key")
        return key

    def read(self, folder: Path) -> str:
        """A key that goes into a header.

        Raises:
            ValueError: there is none, or it holds a character that no HTTP header may carry.
        """
        key = self.text(folder)
        if not key.isascii() or not key.isprintable():
            raise ValueError(f"{self.where} holds {_UNSENDABLE}")
        return key


def _run(command: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 — the operator's own command, without a shell
            command,
            capture_output=True,
            check=True,
            text=True,
            timeout=_KEY_COMMAND_TIMEOUT_S,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        raise ValueError("the key command failed") from None
    return done.stdout.strip()
