"""`make bench`: Privet beside a bare pass-through, in one run, ratios first.

Prints; asserts nothing. The README beside this file says how to read it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import uvloop

from proxy.identity.keys import create_key
from tests.bench import detection, dialects, lag, steps
from tests.bench.load import Target
from tests.bench.processes import MEASURED_CPU, OTHER_CPU, free_port, serving
from tests.bench.report import print_figures
from tests.bench.rounds import QUICK, Rounds, Size
from tests.house import write_configuration


def main() -> None:
    """Start everything, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="few and short rounds, to try a change"
    )
    size = QUICK if parser.parse_args().quick else Size()
    os.sched_setaffinity(0, {OTHER_CPU})
    load = os.getloadavg()[0]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="privet-bench-")))
        provider = stack.enter_context(serving("upstream", cpu=OTHER_CPU))
        base_url = f"http://127.0.0.1:{provider.port}/v1"
        route = f"{base_url}/chat/completions"
        bare = stack.enter_context(serving("passthrough", route, cpu=MEASURED_CPU))
        port = free_port()
        listen = {"127.0.0.1:0": f"127.0.0.1:{port}"}
        write_configuration(folder, base_url, settings=listen, extra="log_level: warning\n")
        key, _ = create_key(folder / "keys.yaml", "support", "desk")
        file = str(folder / "privet.yaml")
        privet = stack.enter_context(serving("served", file, cpu=MEASURED_CPU, port=port))
        privet.pin_children(OTHER_CPU)
        rounds = Rounds(Target(provider), Target(bare), Target(privet, key))
        uvloop.run(rounds.warm_up())
        print_figures(uvloop.run(rounds.run(size)), size, load)
    os.sched_setaffinity(0, {MEASURED_CPU})
    uvloop.run(dialects.run(size.steps // 2))  # first: the steps' clocks stay
    uvloop.run(steps.run(size.steps))
    uvloop.run(lag.run(size.beside))
    os.sched_setaffinity(0, {MEASURED_CPU, OTHER_CPU})
    detection.run(size.documents)


if __name__ == "__main__":
    main()
