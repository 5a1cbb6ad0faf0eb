"""Presidio as it comes, to compare with: its default recognizers and an English spaCy model.

Its shipped configuration but for two things: the model is the one that we use too, and names of
organizations, which it leaves out, are in. It runs in processes of its own, one analyzer each, so
that neither its set-up nor its CPU time mixes with anything else's. Nothing is downloaded: the
model must be installed, and the e-mail recognizer gets the suffix list that came with its package.
"""

from __future__ import annotations

import importlib.util
import logging
import multiprocessing
import os
import time
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from proxy.detect.processes.worker import forbid_network
from proxy.exchange import Finding

#: As our own detector processes run: what is in parallel is the processes.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
#: The analyzer of this process, once `_load` made it: a pool's function can't be handed one.
_loaded: dict[str, Any] = {}


def analyse(
    texts: Sequence[str], model: str, processes: int = 1
) -> Iterator[tuple[tuple[Finding, ...], float]]:
    """Yield, for each text in order, its findings and the CPU seconds that they took.

    Args:
        texts: texts, taken for English.
        model: the installed spaCy package.
        processes: how many to spread them over, each with one thread.

    Raises:
        ModuleNotFoundError: the model isn't installed (Presidio would download it).
    """
    if importlib.util.find_spec(model) is None:
        raise ModuleNotFoundError(f"the spaCy model {model!r} isn't installed")
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, spawn, _load, (model,)) as pool:
        yield from pool.map(_analyse, texts)


def _load(model: str) -> None:
    forbid_network()
    os.environ.update(_ONE_THREAD)  # before numpy is imported, which is what reads it
    import presidio_analyzer
    import tldextract
    import yaml
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    logging.disable(logging.CRITICAL)  # some of Presidio's lines hold the text
    shipped_list = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())
    tldextract.extract = shipped_list  # type: ignore[assignment]  # called in the same way
    shipped = Path(presidio_analyzer.__file__).parent / "conf" / "default.yaml"
    configuration = yaml.safe_load(shipped.read_text(encoding="utf-8"))
    configuration["models"] = [{"lang_code": "en", "model_name": model}]
    configuration["ner_model_configuration"]["labels_to_ignore"].remove("ORGANIZATION")
    with warnings.catch_warnings():
        # The model was trained with spaCy 3.7; 3.8 reads it and says so each time.
        warnings.filterwarnings("ignore", message=r"\[W095\]")
        nlp_engine = NlpEngineProvider(nlp_configuration=configuration).create_engine()
    _loaded["analyzer"] = presidio_analyzer.AnalyzerEngine(nlp_engine=nlp_engine)


def _analyse(text: str) -> tuple[tuple[Finding, ...], float]:
    before = time.process_time()
    results = _loaded["analyzer"].analyze(text, language="en")
    spent = time.process_time() - before
    return (
        tuple(
            Finding(
                one.entity_type,
                one.start,
                one.end,
                float(one.score),
                str(one.recognition_metadata["recognizer_name"]),
            )
            for one in results
        ),
        spent,
    )
