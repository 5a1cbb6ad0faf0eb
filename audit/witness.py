"""Asking a witness to cosign the newest checkpoint, and keeping what it says.

C2SP tlog-witness over HTTP. `<slot>/cosigned/<key id>` holds the newest checkpoint that a witness
signed, with its cosignature. Only the addresses that the operator gave are contacted.
"""

from __future__ import annotations

import base64
import http.client
import urllib.error
import urllib.request
from pathlib import Path

from audit.checkpoint import read_checkpoint
from audit.cosignature import WitnessKey, cosignatures
from audit.errors import AuditError, FormatError
from audit.files import make_folder, write_atomically
from audit.layout import COSIGNED, newest_note
from audit.merkle import consistency_proof
from audit.tiles import TileHashes

_TIMEOUT_S = 10
_MOST_BYTES = 64 * 1024


def ask(folder: Path, url: str, witness: WitnessKey) -> int:
    """Have the newest checkpoint of the log in `folder` cosigned; returns its size.

    Raises AuditError when the witness can't be reached, or says that this log isn't what it saw
    before: then somebody has to look.
    """
    note, _ = newest_note(folder)
    path = folder / COSIGNED / witness.key_id.hex()
    try:
        old = read_checkpoint(path.read_text("utf-8", "replace")).size if path.exists() else 0
    except FormatError:
        old = 0  # what is kept of it is damaged: it says itself what it knows
    status, body, sized = _post(folder, url, old, note)
    if status == 409 and sized and body.strip().isdecimal():  # it knows more, or less, than we do
        status, body, _ = _post(folder, url, int(body), note)
    if status in {409, 422}:
        raise AuditError(f"{witness.name} saw another history of this log: {body.strip()}")
    if status != 200:
        raise AuditError(f"{witness.name} answers {status}: {body.strip()}")
    checkpoint = read_checkpoint(note)
    try:
        found = cosignatures(checkpoint.text(), body, [witness])
    except FormatError as error:
        raise AuditError(f"{witness.name}: {error}") from None
    if not found:
        raise AuditError(f"{witness.name} signed with another key than the one given")
    make_folder(path.parent)
    write_atomically(path, (note + body).encode())
    return checkpoint.size


def cosigned(folder: Path, witness: WitnessKey) -> tuple[str, int] | None:
    """The newest checkpoint that a witness signed, and when (seconds since 1970); None without one.

    Raises FormatError when what is kept of it is wrong.
    """
    path = folder / COSIGNED / witness.key_id.hex()
    if not path.exists():
        return None
    note = path.read_text("utf-8", "replace")
    _, _, lines = note.rpartition("\n\n")
    found = cosignatures(read_checkpoint(note).text(), lines, [witness])
    if not found:
        raise FormatError(f"what is kept of {witness.name} isn't signed by it")
    return note, found[0].time


def _post(folder: Path, url: str, old: int, note: str) -> tuple[int, str, bool]:
    """Status, text, and whether the text is a tree size."""
    size = read_checkpoint(note).size
    if old > size:
        raise AuditError(f"{url} has seen {old} records of this log, {size} are here")
    hashes = TileHashes(folder, size)
    proof = consistency_proof(old, size, hashes.range_hash) if 0 < old < size else []
    lines = [f"old {old}", *(base64.b64encode(one).decode() for one in proof), "", note]
    request = urllib.request.Request(  # noqa: S310 — the operator's own address
        f"{url.rstrip('/')}/add-checkpoint", "\n".join(lines).encode(), method="POST"
    )
    try:
        with _OPENER.open(request, timeout=_TIMEOUT_S) as response:
            return response.status, response.read(_MOST_BYTES).decode("utf-8", "replace"), False
    except urllib.error.HTTPError as refused:
        sized = refused.headers.get_content_type() == "text/x.tlog.size"
        return refused.code, refused.read(_MOST_BYTES).decode("utf-8", "replace"), sized
    except (OSError, http.client.HTTPException) as error:
        raise AuditError(f"{url} can't be asked: {error}") from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A witness that moved has to be configured anew."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow nothing."""


#: Without the proxies of the environment: only configured addresses are contacted.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)
