"""From the index's hits to opened records whose place in the signed tree was checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from audit.checkpoint import Checkpoint, open_checkpoint
from audit.errors import FormatError
from audit.export import Item
from audit.merkle import leaf_hash, root_from_inclusion
from audit.note import VerifierKey
from audit.proof import inclusion
from audit.reading import Reader, Record
from audit.recipients import PrivateKeys
from audit.record import Kind
from audit.search import Hit


def open_hits(
    slots: Sequence[Path], hits: Iterable[Hit], keys: PrivateKeys, verifiers: Sequence[VerifierKey]
) -> Iterator[Item]:
    """The records of each hit, log by log, each checked against a signed checkpoint.

    Raises FormatError where a record isn't in the tree, doesn't open, or its log isn't here.
    """
    by_folder: dict[str, list[Hit]] = {}
    for hit in hits:
        by_folder.setdefault(hit.folder, []).append(hit)
    folders = {slot.name: slot for slot in slots}
    for name, some in by_folder.items():
        if name not in folders:
            raise FormatError(f"the log in {name}, which the index knows, isn't here")
        yield from _open(folders[name], some, keys, verifiers)


def check_inclusion(folder: Path, record: Record, verifiers: Sequence[VerifierKey]) -> Checkpoint:
    """The signed checkpoint whose tree has this record; raises FormatError when none has."""
    note, path = inclusion(folder, record.opened.sequence)
    checkpoint = open_checkpoint(note, verifiers)
    leaf = leaf_hash(record.leaf.encode())
    root = root_from_inclusion(leaf, record.opened.sequence, checkpoint.size, path)
    if root != checkpoint.root:
        raise FormatError(f"record {record.opened.sequence} is not in the signed tree: run verify")
    return checkpoint


def _open(
    folder: Path, hits: Sequence[Hit], keys: PrivateKeys, verifiers: Sequence[VerifierKey]
) -> Iterator[Item]:
    wanted = {hit.sequence: hit for hit in hits}
    begun: dict[str, tuple[Hit, Record, Checkpoint]] = {}
    with Reader(folder, keys) as reader:
        for record in reader.records({hit.exchange for hit in hits}):
            opened = record.opened
            if opened.sequence in wanted:
                checkpoint = check_inclusion(folder, record, verifiers)
                hit = wanted[opened.sequence]
                if opened.kind is Kind.REFUSAL:
                    yield Item(hit.origin, record, None, checkpoint.size)
                else:
                    begun[opened.exchange_id] = (hit, record, checkpoint)
            elif opened.kind is Kind.OUTCOME and opened.exchange_id in begun:
                hit, intent, checkpoint = begun.pop(opened.exchange_id)
                check_inclusion(folder, record, verifiers)
                yield Item(hit.origin, intent, record, checkpoint.size)
    for hit, intent, checkpoint in begun.values():
        yield Item(hit.origin, intent, None, checkpoint.size)
