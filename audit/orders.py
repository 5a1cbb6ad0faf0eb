"""The site's folder of erasure orders: what a live writer finds there, and what it answers.

An order lies there as ``<id>.order``. Each writer carries out its part once and leaves
``<id>.<slot>.done`` beside it, or ``<id>.<slot>.refused`` with the reason. Invariant: nothing is
erased for an order that two known approvers didn't sign.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.erasure import Erasure
from audit.errors import FormatError
from audit.files import make_folder, write_atomically
from audit.layout import ORDERS
from audit.log import AuditLog
from audit.note import VerifierKey
from audit.order import Order, open_order


@dataclass(frozen=True, slots=True)
class Answer:
    """What a writer did with an order: `refused` says why not, and is empty otherwise."""

    order: str
    rows: int
    refused: str


def submit(site: Path, note: str, approvers: Sequence[VerifierKey]) -> Order:
    """Lay an order before the site's writers; raises FormatError unless it is approved."""
    order, _ = open_order(note, approvers)
    make_folder(site / ORDERS)
    write_atomically(site / ORDERS / f"{order.id}.order", note.encode())
    return order


async def carry_out(
    log: AuditLog, site: Path, slot: str, approvers: Sequence[VerifierKey]
) -> list[Answer]:
    """Carry out every order that this slot hasn't answered yet.

    Raises AuditError when a deletion can't be finished: the order then stays open.
    """
    answers = []
    for path in await asyncio.to_thread(_unanswered, site, slot):
        try:
            erasure = await asyncio.to_thread(_erasure, path, log.origin, log.size, approvers)
        except FormatError as error:
            answer = Answer(path.stem, 0, str(error))
        else:
            if erasure.rows:
                await log.erase(erasure)
            answer = Answer(path.stem, len(erasure.rows), "")
        word = "refused" if answer.refused else "done"
        said = f"{answer.refused}\n".encode()
        await asyncio.to_thread(write_atomically, _answer(path, slot, word), said)
        answers.append(answer)
    return answers


def _unanswered(site: Path, slot: str) -> list[Path]:
    """The files of the orders that this slot hasn't answered."""
    return [
        path
        for path in sorted((site / ORDERS).glob("*.order"))
        if not any(_answer(path, slot, word).exists() for word in ("done", "refused"))
    ]


def _answer(order: Path, slot: str, word: str) -> Path:
    return order.with_name(f"{order.stem}.{slot}.{word}")


def _erasure(path: Path, origin: str, size: int, approvers: Sequence[VerifierKey]) -> Erasure:
    """What an order wants of the log `origin` with `size` records; raises FormatError."""
    order, names = open_order(path.read_text("utf-8", "replace"), approvers)
    if path.stem != order.id:
        raise FormatError("the order's file is called otherwise than the order")
    rows = order.rows.get(origin, ())
    if rows and rows[-1].sequence >= size:
        raise FormatError("the order names records that this log doesn't have")
    return Erasure(order.id, order.basis, tuple(names), rows)
