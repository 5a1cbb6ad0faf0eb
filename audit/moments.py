"""Moments as people write them, and as the log counts them: nanoseconds since 1970, UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

DAY = 86_400 * 10**9
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_PERIOD = re.compile(r"(\d{4})(?:-(\d{2})|-[qQ]([1-4]))?", re.ASCII)


def day(text: str) -> int:
    """The midnight (UTC) that a day like 2026-10-31 begins with; raises ValueError."""
    if not _DAY.fullmatch(text):
        raise ValueError("give a day like 2026-10-31")
    return _nanoseconds(date.fromisoformat(text))


def last_day(text: str) -> int:
    """The midnight (UTC) that ends a day: it is included."""
    return day(text) + DAY


def period(text: str) -> tuple[int, int]:
    """A year, quarter or month (2026, 2026-Q4, 2026-10) as [first, last) nanoseconds."""
    found = _PERIOD.fullmatch(text)
    if found is None:
        raise ValueError("give a period like 2026, 2026-Q4 or 2026-10")
    year, month, quarter = int(found[1]), int(found[2] or 0), int(found[3] or 0)
    months = 1 if month else 3 if quarter else 12
    first = month or 3 * (quarter or 1) - 2
    if not 1 <= first <= 12:
        raise ValueError("there is no such month")
    after = year * 12 + first - 1 + months
    begin, end = date(year, first, 1), date(after // 12, after % 12 + 1, 1)
    return _nanoseconds(begin), _nanoseconds(end)


def iso(nanoseconds: int) -> str:
    """A moment as text, UTC, to the millisecond."""
    moment = datetime.fromtimestamp(nanoseconds // 10**9, UTC)
    moment += timedelta(milliseconds=nanoseconds // 10**6 % 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _nanoseconds(when: date) -> int:
    moment = datetime(when.year, when.month, when.day, tzinfo=UTC)
    return int(moment.timestamp()) * 10**9
