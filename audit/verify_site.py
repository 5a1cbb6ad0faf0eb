"""Verifying a whole site: its manifest, every log that it lists, and whether there are others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from audit.errors import FormatError
from audit.layout import CHECKPOINT, MANIFEST, ORDERS, SEGMENTS
from audit.manifest import Slot, decode_slot, manifest_origin
from audit.note import VerifierKey
from audit.recipients import PrivateKeys
from audit.report import Report
from audit.verify import verify
from audit.verify_tree import TreeChecker


def is_site(folder: Path) -> bool:
    """Whether `folder` holds slots and not records."""
    return not (folder / SEGMENTS).is_dir() and not (folder / CHECKPOINT).is_file()


def verify_site(
    site: Path,
    keys: Sequence[VerifierKey],
    *,
    recipient: PrivateKeys | None = None,
    since: Sequence[str] = (),
) -> list[Report]:
    """Check a site: the manifest's report first, then one per log.

    Args:
        keys: whose public keys may sign; the logs' names come from the manifest.
        since: held checkpoints, each of the log (or manifest) that its first line names; those of
            other sites are left alone.
    """
    held: dict[str, list[str]] = {}
    for note in since:
        held.setdefault(note.partition("\n")[0], []).append(note)
    origin = manifest_origin(keys[0].name)
    if not any(manifest_origin(name) == origin for name in held):
        held[origin] = list(since)  # of other sites, all of them: that is told
    publics = [key.public for key in keys]
    report = Report(origin)
    slots = _slots(site, [VerifierKey(origin, public) for public in publics], held, report)
    reports = [report]
    for name in dict.fromkeys(slot.folder for slot in slots):
        signers = [slot.key for slot in slots if slot.folder == name]  # several after a rotation
        if any(key.public not in publics for key in signers):
            report.find("bad-manifest", name, "it is listed with a key that wasn't given")
        elif not (site / name).is_dir():
            report.find("missing-origin", name, f"the log {signers[0].name} isn't there")
        else:
            since_slot = held.get(signers[0].name, ())
            reports.append(verify(site / name, signers, recipient=recipient, since=since_slot))
    named = {slot.key.name for slot in slots} | {origin}
    for other in sorted(held.keys() - named):
        if manifest_origin(other) == origin:
            report.find("missing-origin", MANIFEST, f"a checkpoint of {other} is held")
    listed = {slot.folder for slot in slots} | {MANIFEST, ORDERS}
    for path in sorted(site.iterdir()):
        if path.is_dir() and path.name not in listed:
            report.find("unlisted-origin", path.name)
    return reports


def _slots(
    site: Path, keys: Sequence[VerifierKey], held: dict[str, list[str]], report: Report
) -> list[Slot]:
    """The manifest's entries, checked against its tiles and checkpoints like any log's leaves."""
    tree = TreeChecker(site / MANIFEST, keys, held.get(report.origin, ()), report)
    slots = []
    for number in range(tree.signed):
        entry = tree.settle(number, None)
        try:
            slots.append(decode_slot(entry or b""))
        except FormatError as error:
            report.find("bad-manifest", f"entry {number}", str(error))
    tree.end(tree.signed)
    report.records = len(slots)
    if not slots:
        report.find("bad-manifest", MANIFEST, "it lists no log")
    report.held = tree.held.size if tree.held else None
    return slots
