"""Whatever passes through a logger that isn't ours, not a word of it is written."""

from __future__ import annotations

import asyncio
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any, Literal

import pytest
import structlog

from proxy import logs

PLANTED = "Zarathustra"
Form = Literal["auto", "json", "pretty"]


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Leave the loggers as they were."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


both_forms = pytest.mark.parametrize("form", ["json", "pretty"])


class Speaking(Exception):
    """An exception whose every text holds what must not be written."""

    def __init__(self) -> None:
        super().__init__(f"it said {PLANTED}")
        self.add_note(f"note: {PLANTED}")


def fail() -> None:
    secret = f"local {PLANTED}"
    try:
        raise KeyError(secret)
    except KeyError as inner:
        raise Speaking from inner


def written(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def foreign(logger: logging.Logger) -> None:
    """Every way in which a library can log."""
    logger.debug(PLANTED)
    logger.info("a %s and %d", PLANTED, 7)
    logger.warning("%(who)s", {"who": PLANTED})
    logger.error({"who": PLANTED})
    logger.error(f"{PLANTED}", extra={"who": PLANTED}, stack_info=True)
    logger.error(Speaking())
    try:
        fail()
    except Speaking as error:
        logger.exception("failed with %s", error)
        logger.critical("again", exc_info=error)


@both_forms
def test_other_loggers_are_heard_but_not_quoted(
    form: Form, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("debug", form)
    foreign(logging.getLogger("aiohttp.server"))  # Presidio's are shut where the engine runs
    foreign(logging.getLogger("aiohttp.access"))
    out = written(capsys)
    assert PLANTED not in out
    assert out.count("library event") == 16
    assert out.count("aiohttp.server") == 8
    assert out.count("Speaking") == 4
    assert "KeyError" not in out


def test_without_our_formatter_they_are_quoted(capsys: pytest.CaptureFixture[str]) -> None:
    # What the test above protects from.
    logs.configure("debug", "json")
    logging.getLogger().handlers[0].setFormatter(logging.Formatter())
    foreign(logging.getLogger("library"))
    assert PLANTED in written(capsys)


def test_a_library_event_says_where_it_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("debug", "json")
    structlog.contextvars.bind_contextvars(request_id="pvr-1")
    try:
        fail()
    except Speaking:
        logging.getLogger("library").exception(PLANTED)
    finally:
        structlog.contextvars.clear_contextvars()
    event = json.loads(written(capsys))
    assert event.pop("timestamp")
    assert event.pop("place").startswith("test_logs:")
    assert event == {
        "event": "library event",
        "logger": "library",
        "level": "error",
        "request_id": "pvr-1",
        "exception": "Speaking",
    }


@both_forms
def test_a_record_that_cant_be_written_isnt_explained_either(
    form: Form, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("debug", form)
    logging.getLogger("library").error("%d of %s", PLANTED)
    assert PLANTED not in written(capsys)


def test_logging_itself_would_print_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the test above protects from.
    logs.configure("debug", "json")
    monkeypatch.delattr(logs._Handler, "handleError")
    logging.getLogger("library").error("%d of %s", PLANTED)
    assert PLANTED in written(capsys)


@both_forms
def test_warnings_and_asyncio_are_libraries_too(
    form: Form, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("debug", form)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn(PLANTED, UserWarning, stacklevel=1)
    loop = asyncio.new_event_loop()
    loop.call_exception_handler({"message": PLANTED, "exception": Speaking()})
    loop.close()
    out = written(capsys)
    assert PLANTED not in out
    assert "py.warnings" in out
    assert "asyncio" in out


@both_forms
def test_our_own_exceptions_are_a_class_and_places(
    form: Form, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("debug", form)
    log = structlog.get_logger("proxy.x")
    try:
        fail()
    except Speaking as error:
        log.exception("step failed", step=4)
        log.error("step failed", exc_info=error)
        log.error("step failed", **logs.describe_exception(error))
    out = written(capsys)
    assert PLANTED not in out
    assert out.count("Speaking") == 3
    assert out.count("fail:") == 3
    assert "step" in out


def test_our_own_events_are_whole(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    log: Any = structlog.get_logger("proxy.x")
    log.debug("too quiet")
    log.info("refused", code="policy_refused", status=403)
    event = json.loads(written(capsys))
    assert (event["event"], event["level"], event["code"], event["status"]) == (
        *("refused", "info", "policy_refused", 403),
    )


def test_the_level_holds_for_libraries_too(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("error", "json")
    logging.getLogger("library").warning("x")
    logging.getLogger("library").error("x")
    assert len(written(capsys).splitlines()) == 1


def test_auto_is_json_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "auto")
    structlog.get_logger().info("ready")
    assert json.loads(written(capsys))["event"] == "ready"
