"""One detector and one engine for all detection tests: loading the model takes seconds."""

from collections.abc import Callable

import pytest

from proxy.detect.chunk import chunk
from proxy.detect.engine import Engine
from proxy.detect.settings import DetectSettings

#: What was found: entity and the text it covers.
Found = list[tuple[str, str]]


@pytest.fixture(scope="session")
def engine() -> Engine:
    """Presidio and spaCy in this process."""
    return Engine(DetectSettings())


@pytest.fixture(scope="session")
def find(engine: Engine) -> Callable[..., Found]:
    """Return a function that says what is found in a text under a label."""

    def find(text: str, label: str = "", *, models: bool = False, size: int = 2_000) -> Found:
        found: Found = []
        for piece in chunk(text, size, label):
            for one in engine.analyse([(piece, models)])[0]:
                start, end = max(0, one.start + piece.origin), one.end + piece.origin
                found.append((one.entity, text[start:end]))
        return found

    return find
