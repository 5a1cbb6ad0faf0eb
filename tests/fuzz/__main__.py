"""`make fuzz`: 100,000 generated and mutated texts through detection; exit 1 if one does harm.

Prints how many of the planted values were found, by mutation and kind of value. A text is named by
seed and number: `--seed 1 --first 4711 --texts 1 --show 1` looks at one again.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from itertools import groupby

from proxy.detect.engine import Engine
from proxy.detect.settings import DetectSettings
from tests.fuzz.campaign import Tally, run

#: As detector processes are run: threads that multiply small matrices wait for each other most of
#: the time, and on a busy machine a text with names takes eight times the CPU.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def main() -> int:
    """Run the campaign, in a process that was started with one thread."""
    if not _ONE_THREAD.items() <= os.environ.items():
        command = [sys.executable, "-m", "tests.fuzz", *sys.argv[1:]]
        os.execve(sys.executable, command, {**os.environ, **_ONE_THREAD})  # noqa: S606
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first text")
    parser.add_argument("--show", type=int, default=0, help="so many examples of each miss")
    chosen = parser.parse_args()
    warnings.filterwarnings("ignore", message=r"\[W095\]")
    engine, tally = Engine(DetectSettings()), Tally()
    numbers = range(chosen.first, chosen.first + chosen.texts)
    for tally in run(engine, chosen.seed, numbers):
        if tally.texts % 1_000 == 0:
            print(_sum(tally), *tally.wrong[-3:], sep="\n  ", file=sys.stderr, flush=True)
    _print(tally, chosen.show)
    return int(bool(tally.wrong))


def _print(tally: Tally, show: int) -> None:
    for how, whats in groupby(sorted(tally.planted), key=lambda what: what[0]):
        said = []
        for what in whats:
            found = tally.planted[what] - tally.missed[what]
            said.append(f"{what[1]} {found}/{tally.planted[what]}")
        print(f"{how:<28} {'  '.join(said)}")
    for what in sorted(tally.examples):
        for one in tally.examples[what][:show]:
            print(what, repr(one.text[one.start : one.end]), "in", repr(one.text))
    print(_sum(tally))
    for one in tally.wrong[:20]:
        print("WRONG", one)


def _sum(tally: Tally) -> str:
    planted = tally.planted.total()
    return (
        f"{tally.texts:,} texts, {tally.with_models:,} with the models; of {planted:,} planted values"
        f" {planted - tally.missed.total():,} found, {tally.exact.total():,} as what they are and to"
        f" the letter; {len(tally.wrong)} did harm"
    )


if __name__ == "__main__":
    sys.exit(main())
