"""A serving Privet has its checkpoints cosigned by a witness on another machine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from audit.keys import load_verifier_keys
from audit.witness import cosigned
from proxy import config
from proxy.detect.detector import Detector
from proxy.records import upkeep
from proxy.serving.services import running as services_running
from tests.audit.test_witness import running
from tests.house import write_configuration


async def test_its_checkpoint_is_cosigned_by_itself(
    tmp_path: Path, detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "WITNESS_EVERY_S", 0.02)
    write_configuration(tmp_path, "http://127.0.0.1:9/v1")
    logs = load_verifier_keys(tmp_path / "keys" / "log.pub")
    with running(tmp_path / "seen", logs) as elsewhere:
        (tmp_path / "keys" / "w1.pub").write_text(f"{elsewhere.key}\n")
        path = tmp_path / "privet.yaml"
        entry = f"  witnesses: [{{url: '{elsewhere.url}', key: keys/w1.pub}}]\n  content: masked"
        path.write_text(path.read_text().replace("  content: masked", entry))
        configuration = config.load(path, {})
        async with services_running(configuration, detector):
            while cosigned(tmp_path / "audit" / "0", elsewhere.key) is None:
                await asyncio.sleep(0.01)
    found = cosigned(tmp_path / "audit" / "0", elsewhere.key)
    assert found is not None
    assert found[0].startswith("privet.example/main/0\n")
