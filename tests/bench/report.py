"""The figures on paper: first the ratios that the targets speak of, then what is behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import quantiles

from rich.console import Console
from rich.table import Table

from tests.bench.processes import MEASURED_CPU, OTHER_CPU
from tests.bench.rounds import PRIVET, SLOPE_TURNS, Figures, Size


@dataclass(frozen=True, slots=True)
class Waits:
    """What was waited for, in seconds, in one situation.

    Attributes:
        lag: by how much the loop was late each time that it should have done something.
        answers: how long each short text took.
    """

    lag: tuple[float, ...]
    answers: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class DialectCost:
    """Seconds that Privet takes in one dialect.

    Attributes:
        warm: of a whole answer to a conversation that was seen.
        ratio: of that to Chat Completions.
        new: of one with a new last message.
        event: of each piece of a stream; 0 where there are none.
    """

    warm: float
    ratio: float
    new: float
    event: float


def print_figures(figures: Figures, size: Size, load: float) -> None:
    """Print everything that the rounds gave. `load`: the machine's load before they began."""
    shared = "; a single CPU, so load and proxy share it" if MEASURED_CPU == OTHER_CPU else ""
    note = f"Medians of {size.rounds} rounds; the machine's load before was {load:.1f}{shared}."
    _print(_headlines(figures), note)
    note = (
        f"Added to the provider's own {_ms(figures.direct)} one at a time; the rate many at a time."
    )
    _print(_requests(figures), note)
    _print(_streams(figures), "Added to the first event of a stream, and to the way of each event.")
    _print(_history(figures), "Added p50 by turns; the slope is taken from them.")
    _print(_work(figures), "While requests came one at a time. A key commit syncs keys.db besides.")


def print_steps(costs: Mapping[str, float], slopes: Mapping[str, float], whole: str) -> None:
    """Print what each step costs on ten turns, and how that grows; in seconds, per KB."""
    table = _table("Steps of ten warm turns", "µs", "of serve", "µs/KB")
    for step, seconds in costs.items():
        share = f"{seconds / costs[whole]:.1%}"
        table.add_row(step, f"{seconds * 1e6:.0f}", share, f"{slopes[step] * 1e6:.1f}")
    _print(table, "In one process, without sockets; the slope is over turns 2 to 50.")


def print_dialects(costs: Mapping[str, DialectCost]) -> None:
    """Print what Privet takes in each dialect, and how that compares with Chat Completions."""
    table = _table("Dialects, ten turns", "warm", ": chat", "one new message", "per event")
    for name, cost in costs.items():
        event = f"{cost.event * 1e6:.0f} µs" if cost.event else "–"
        table.add_row(name, _ms(cost.warm), f"{cost.ratio:.2f}", _ms(cost.new), event)
    note = "In one process, without sockets; two audit records included. An arrow is a translation."
    _print(table, note)


def print_lag(waits: Mapping[str, Waits]) -> None:
    """Print what short texts and the event loop waited for in each situation."""
    table = _table("Beside a document", "lag p50", "lag p99", "short p50", "short p99", "texts")
    for name, waited in waits.items():
        table.add_row(name, *map(_ms, _p50_p99(waited)), f"{len(waited.answers)}")
    document, burner = (_p50_p99(waits[name]) for name in ("1 MB document", "CPU burner"))
    ratios = [f"{one / other:.2f}" for one, other in zip(document, burner, strict=True)]
    table.add_row("document : burner", *ratios, "")
    _print(table, "How late the event loop is, and how long a short text takes, while others work.")


def _p50_p99(waited: Waits) -> tuple[float, float, float, float]:
    lag, answers = (quantiles(some, n=100) for some in (waited.lag, waited.answers))
    return lag[49], lag[98], answers[49], answers[98]


def _headlines(figures: Figures) -> Table:
    table = _table("Targets", "measured", "target", "aim")
    warm, event = figures.added["warm"], figures.events["warm"]
    slope = figures.slopes["warm"] * 1e6
    table.add_row("throughput, warm : bare", f"{figures.rate_ratios['warm']:.2f}", ">= 0.4", "0.6")
    table.add_row("added p50, warm", f"{warm.p50 * 1e3:.2f} ms", "<= 2 ms", "1 ms")
    table.add_row("added per streamed event, p99", f"{event.p99 * 1e3:.2f} ms", "<= 1 ms", "")
    table.add_row("slope over turns 2 to 50", f"{slope:.0f} µs/KB", "<= 60 µs/KB", "")
    return table


def _requests(figures: Figures) -> Table:
    table = _table("Ten turns, 4 KB", "added p50", "added p99", "requests/s", ": bare", "CPU")
    for case in ("bare", *PRIVET):
        added = figures.added[case]
        rate, ratio = figures.rates[case], figures.rate_ratios[case]
        table.add_row(
            case,
            _ms(added.p50),
            _ms(added.p99),
            f"{rate:.0f}",
            f"{ratio:.3f}",
            _ms(figures.cpu[case]),
        )
    return table


def _streams(figures: Figures) -> Table:
    table = _table("Streams", "first p50", "first p99", "event p50", "event p99")
    for case, event in figures.events.items():
        first = figures.first_event[case]
        table.add_row(case, _ms(first.p50), _ms(first.p99), _ms(event.p50), _ms(event.p99))
    return table


def _history(figures: Figures) -> Table:
    table = _table("Added by turns", *map(str, SLOPE_TURNS), "µs/KB")
    for case, added in figures.by_turns.items():
        table.add_row(case, *map(_ms, added), f"{figures.slopes[case] * 1e6:.0f}")
    return table


def _work(figures: Figures) -> Table:
    names = list(next(iter(figures.work.values()))[0])
    table = _table("Work per request", *names)
    for case, (counts, asked) in figures.work.items():
        table.add_row(case, *(f"{counts[name] / asked:.2f}" for name in names))
    return table


def _table(title: str, *columns: str) -> Table:
    """An empty table; the title stands over the names of its rows."""
    table = Table(title, box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _print(table: Table, note: str = "") -> None:
    console = Console(width=110, highlight=False)
    console.print(table)
    console.print(note + "\n" if note else "")


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms"
