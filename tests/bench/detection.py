"""The detection report: the corpora through Privet and through stock Presidio, in one run."""

from __future__ import annotations

import asyncio
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from proxy.commands import detecting
from proxy.detect.evaluation import report as eval_report
from proxy.detect.knowledge.read import Knowledge
from proxy.detect.settings import DetectSettings
from tests.corpora.load import load


def run(documents: int | None) -> None:
    """Print the report; `documents`: only so many of the corpora, None for all."""
    with tempfile.TemporaryDirectory(prefix="privet-bench-") as folder:
        corpus = Path(folder) / "tests-corpora.jsonl"
        corpus.write_text(
            "".join(f"{json.dumps(asdict(one))}\n" for one in load()), encoding="utf-8"
        )
        asked = detecting.evaluate(
            [str(corpus)], DetectSettings(), Knowledge(), with_stock=True, limit=documents
        )
        print(eval_report.as_text(asyncio.run(asked)))


if __name__ == "__main__":
    run(None)
