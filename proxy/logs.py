"""Logs that never hold user text: JSON in production, readable on a terminal.

Privet's own events carry ids, names, codes and numbers. Records of other libraries' loggers are
kept as logger, level, place and exception class only: their messages and their arguments are
built from what passes through them. Tracebacks are written without locals and without exception
messages, for the same reason.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, Literal, TextIO

import structlog

Event = MutableMapping[str, Any]


def configure(level: str, form: Literal["auto", "json", "pretty"]) -> None:
    """Send everything that is logged to standard error.

    Args:
        level: debug, info, warning or error.
        form: `auto` is pretty on a terminal and JSON elsewhere.
    """
    pretty = form == "pretty" or (form == "auto" and sys.stderr.isatty())
    renderer = structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer()
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *shared,
            _plain_exception,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = _Handler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=[_only_the_place, *shared],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(True)


class _Handler(logging.StreamHandler[TextIO]):
    """Drops a record that can't be written; logging's own prints its message and arguments."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 — logging's name
        """Nothing: whatever could be said here holds what must not be."""


def _plain_exception(_logger: Any, _method: str, event: Event) -> Event:
    """Replace exc_info by the class and where it was raised."""
    excinfo = event.pop("exc_info", None)
    if excinfo:
        found = sys.exc_info() if excinfo is True else excinfo
        error = found if isinstance(found, BaseException) else found[1]
        if error is not None:
            event.update(describe_exception(error))
    return event


def describe_exception(error: BaseException) -> dict[str, Any]:
    """Class and stack of an exception: no message, no source, no locals."""
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "exception": type(error).__name__,
        "raised_in": [f"{frame.name}:{frame.lineno}" for frame in frames[-12:]],
    }


def _only_the_place(_logger: Any, _method: str, event: Event) -> Event:
    """What may be kept of another library's record."""
    record: logging.LogRecord = event["_record"]
    record.exc_text = None
    exception = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
    record.exc_info = None
    record.stack_info = None
    kept = {
        "event": "library event",
        "logger": record.name,
        "place": f"{record.module}:{record.lineno}",
        "_record": record,
        "_from_structlog": event.get("_from_structlog", False),
    }
    return kept | ({"exception": exception} if exception else {})
