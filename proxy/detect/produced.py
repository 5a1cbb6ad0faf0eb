"""Which entities detection can yield, told from the settings alone: no model's weights are loaded.

What counts for a model is its own labels through the mapping, not what Presidio claims for it.
"""

from __future__ import annotations

from typing import Any

import spacy.util

from proxy.detect.knowledge.read import Knowledge
from proxy.detect.recognizers import RECOGNIZERS
from proxy.detect.settings import DetectSettings, Tier

#: What the model's labels are called here. Labels that are missing aren't personal data.
LABELS = {
    "PERSON": "PERSON",
    "PER": "PERSON",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "FAC": "LOCATION",
    "ORG": "ORGANIZATION",
    "NORP": "NRP",
    "DATE": "DATE_TIME",
    "TIME": "DATE_TIME",
    "ADDRESS": "ADDRESS",
}
#: What the second model adds to the first one's labels.
_NAMED_BY_SECOND = frozenset({"PERSON", "LOCATION", "ADDRESS"})


class ModelMissingError(Exception):
    """The spaCy model in the settings isn't installed."""


def named_by_models(model: str, tier: Tier) -> frozenset[str]:
    """The entities that an installed spaCy package's own labels stand for, and the second model's.

    Raises:
        ModelMissingError: it isn't installed.
    """
    if not spacy.util.is_package(model):
        raise ModelMissingError(model)
    meta = spacy.util.get_model_meta(spacy.util.get_package_path(model))
    named = frozenset(LABELS[label] for label in meta["labels"].get("ner", ()) if label in LABELS)
    return named if tier == "fast" else named | _NAMED_BY_SECOND


def produced_entities(
    settings: DetectSettings, knowledge: Knowledge | None = None
) -> frozenset[str]:
    """Every entity that the enabled recognizers and models can yield; raises ModelMissingError."""
    recognizers: list[Any] = [build(settings.language) for build in RECOGNIZERS]
    enabled = [one for one in recognizers if str(one.name) not in settings.disabled]
    patterns = {entity for one in enabled for entity in one.supported_entities}
    taught = knowledge.entities if knowledge else frozenset()
    return named_by_models(settings.model, settings.tier) | patterns | taught
