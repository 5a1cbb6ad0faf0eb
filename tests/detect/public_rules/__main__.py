"""`python -m tests.detect.public_rules CHECKOUT…`: secrets found in other rule sets' own tests.

Reads checkouts of gitleaks and detect-secrets. Prints which share of what their tests call a secret
is found, and which share of what their tests call none is hit: of all of it, and without the
strings that the same set calls a secret elsewhere (another of its rules finds one there, or another
test has the same value). `--show` prints the misses and the hits.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from pathlib import Path

from proxy.detect.chunk import chunk
from proxy.detect.engine import Engine
from proxy.detect.settings import DetectSettings
from tests.detect.public_rules import detect_secrets, gitleaks
from tests.detect.public_rules.samples import Sample

SECRETS = frozenset({"API_KEY", "JWT", "PASSWORD", "PRIVATE_KEY"})
_CHUNK_CHARS = 2_000
#: Least length of a value by which one test is recognised in another.
_TELLING = 8


def main() -> None:
    """Measure each checkout."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.detect.public_rules", description=__doc__
    )
    parser.add_argument("checkouts", nargs="+", type=Path)
    parser.add_argument("--show", action="store_true")
    chosen = parser.parse_args()
    warnings.filterwarnings("ignore", message=r"\[W095\]")
    engine = Engine(DetectSettings())
    for checkout in chosen.checkouts:
        rules = gitleaks if (checkout / gitleaks.RULES).is_dir() else detect_secrets
        _measure(engine, list(rules.samples(checkout)), rules.own_rules(checkout), chosen.show)


def _measure(
    engine: Engine, samples: list[Sample], own: Callable[[str], list[str]], show: bool
) -> None:
    secret = [one for one in samples if one.secret]
    benign = [one for one in samples if not one.secret]
    missed = [one for one in secret if not found(engine, one.text)]
    hit = [one for one in benign if found(engine, one.text)]
    values = {value for one in secret for value in own(one.text) if len(value) >= _TELLING}
    disputed = {
        one for one in benign if own(one.text) or any(value in one.text for value in values)
    }
    left = [one for one in hit if one not in disputed]
    print(f"found {_share(len(secret) - len(missed), len(secret))} of what is called a secret")
    print(f"hit {_share(len(hit), len(benign))} of what is called none")
    print(
        f"hit {_share(len(left), len(benign) - len(disputed))} without what it calls one elsewhere"
    )
    if show:
        for name, ones in (("missed", missed), ("hit", hit)):
            for one in ones:
                print(name, "(disputed)" if one in disputed else "", one.rule, repr(one.text))


def found(engine: Engine, text: str) -> set[str]:
    """The entities of the secrets that patterns find in a text."""
    return {
        one.entity
        for piece in chunk(text, _CHUNK_CHARS)
        for one in engine.analyse([(piece, False)])[0]
    } & SECRETS


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({part / max(1, whole):.3f})"


if __name__ == "__main__":
    main()
