"""The policy that is in force, and how a new one takes its place.

Invariants: there's always one whole, valid policy in force; a file that can't be loaded leaves
the last good one in force and is reported (P3); a change is one assignment, so no request ever
sees half of it.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from proxy.policy.bundle import Loaded, Trust, load_trusted
from proxy.policy.compiled import Policy
from proxy.policy.newest import Newest
from proxy.yaml_file import ConfigError, Problem


@dataclass(frozen=True, slots=True)
class Reload:
    """What came of looking at the file: the policy now in force, and why it isn't the file's.

    `previous` is the digest of the policy that was in force before. With `problems`, nothing
    changed.
    """

    policy: Policy
    previous: str
    problems: tuple[Problem, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether another policy is in force than before."""
        return self.policy.digest != self.previous


class PolicyStore:
    """Holds the policy in force; `current` may be read at any time, from any task."""

    def __init__(
        self,
        path: Path,
        produced: Collection[str] | None = None,
        trust: Trust | None = None,
        *,
        newest: Newest | None = None,
        allow_shadow: bool = False,
    ) -> None:
        """Load the first policy. Raises ConfigError: there is no last good one to keep yet.

        Args:
            trust: whose signatures a policy needs, None if it needs none.
            newest: what remembers over restarts how new a bundle must be.
            allow_shadow: whether it may be one that as a whole isn't enforced.
        """
        self._path = path
        self._produced = produced
        self._trust = trust
        self._newest = newest
        self._allow_shadow = allow_shadow
        self._reloading = threading.Lock()  # a signal and `watch` may both ask for a reload
        self._seen = _fingerprint(path)
        self._loaded = self._load()

    @property
    def current(self) -> Policy:
        """The policy in force."""
        return self._loaded.policy

    def rely_on(self, produced: Collection[str]) -> None:
        """From now on, other entities can be found.

        Raises:
            ConfigError: a rule of the file depends on one that can't any more; nothing changed.
        """
        with self._reloading:
            load_trusted(self._path, produced, self._trust)
            self._produced = produced

    def reload(self) -> Reload:
        """Load the file now, whether it changed or not; on any problem the last good one stays."""
        with self._reloading:
            previous = self.current
            # Taken before loading: a change in between is seen as another one, and loaded again.
            self._seen = _fingerprint(self._path)
            try:
                self._loaded = self._load_no_older()
            except ConfigError as error:
                return Reload(previous, previous.digest, error.problems)
            return Reload(self.current, previous.digest)

    def _load(self) -> Loaded:
        """The file's policy, if it is enforced or needn't be."""
        loaded = load_trusted(self._path, self._produced, self._trust)
        if loaded.policy.shadow is not None and not self._allow_shadow:
            message = "this policy isn't enforced as a whole (`shadow`)"
            hint = "take `shadow` out, or start Privet with --allow-shadow"
            raise ConfigError([Problem(str(self._path), 1, 1, message, hint, "shadow")])
        if loaded.signed_at is not None and self._newest is not None:
            self._newest.admit(loaded.signed_at, self._path)
        return loaded

    def _load_no_older(self) -> Loaded:
        """The file's policy; a bundle older than the one in force may be one that was withdrawn."""
        loaded, ours = self._load(), self._loaded
        if loaded.signed_at and ours.signed_at and loaded.signed_at < ours.signed_at:
            message = f"signed at {loaded.signed_at}, before the one in force ({ours.signed_at})"
            hint = "to go back to an older policy, sign it anew"
            raise ConfigError([Problem(str(self._path), 1, 1, message, hint, "older")])
        return loaded

    async def watch(self, every_s: float, report: Callable[[Reload], None]) -> None:
        """Look at the file every `every_s` seconds; reload and report when its bytes changed.

        Runs until cancelled. Each bad version of the file is reported once.
        """
        while True:
            await asyncio.sleep(every_s)
            if await asyncio.to_thread(_fingerprint, self._path) != self._seen:
                report(await asyncio.to_thread(self.reload))


def _fingerprint(path: Path) -> str:
    """Tells versions of a file apart by their bytes; a file that can't be read is a version too."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return f"unreadable: {error.errno}"
