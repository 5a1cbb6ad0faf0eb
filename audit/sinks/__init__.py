"""Where checkpoints are kept besides the log's own disk: one file per infrastructure.

A sink is told of signed checkpoints only, and of these only when they are durable here. The same
one may come twice: origin and size say which it is. Invariant: `take` returns only when the sink's
protocol says that it has arrived, as far as that protocol says so; anything else is an AuditError.
"""

from __future__ import annotations

from typing import Protocol

from audit.sinks.syslog import Syslog


class Sink(Protocol):
    """One place elsewhere. Methods block, and may be called from any thread.

    Attributes:
        confirms: whether it is noticed when nothing arrives.
        secured: whether it is spoken to in TLS.
    """

    confirms: bool
    secured: bool

    def take(self, note: str, time: int) -> None:
        """Have it keep a signed checkpoint; `time` is now, in nanoseconds since 1970.

        Raises AuditError.
        """
        ...

    def reach(self) -> None:
        """See that it could be told, and tell it nothing; raises AuditError."""
        ...


#: By their names in privet.yaml.
SINKS: dict[str, type[Syslog]] = {"syslog": Syslog}
