"""`privet keys rotate`: another signing key for the audit log, another auditor who may read it.

Nothing is deleted: what is replaced stays beside its successor, called `retired`. A rotation of the
log's key that was interrupted is finished by running it again.
"""

from __future__ import annotations

import time
from pathlib import Path

from audit import keys as audit_keys
from audit.errors import AuditError
from audit.rotation import rotate_signing_key
from proxy.config import Configuration
from proxy.serving.audit_settings import audit_recipients, signing_key

#: Where the successor of a key is made that a command or a variable gives.
_ELSEWHERE = "keys/log.key"


def rotate_log(configuration: Configuration) -> list[str]:
    """Sign the site's logs with a new key from now on; returns what to tell the operator.

    A key that isn't a file here gets a successor in one, to be taken to where it lives. Raises
    AuditError while a log is being written.
    """
    section = configuration.settings.audit
    source = section.signing_key
    path = configuration.path(source if isinstance(source, str) else _ELSEWHERE)
    following = path.with_name(f"{path.name}.next")
    if not following.exists():
        audit_keys.generate_signing_key(following)
    old, new = signing_key(configuration), audit_keys.load_signing_key(following)
    if old.public_key() == new.public_key():
        raise AuditError(f"{following} is the key that signs already: take it away")
    recipients = audit_recipients(configuration)
    site = configuration.path(section.dir)
    keys = rotate_signing_key(site, old, new, recipients, time.time_ns)
    public = path.with_suffix(".pub")
    known = public.read_text("utf-8") if public.exists() else ""
    public.write_text("".join(f"{key}\n" for key in keys) + known, encoding="utf-8")
    if isinstance(source, str):
        retired = _retire(path)
        following.rename(path)
        told = f"{path} signs from now on; {retired} is the old key: destroy it."
    else:
        told = (
            f"{following} signs from now on: put what it holds where {source.where} takes it from, "
            "before the next start, and destroy it here and the old key there."
        )
    return [
        told,
        f"{public} holds the new verifier keys before the old ones.",
        "Hand it to everyone who verifies: the whole log needs both.",
    ]


def rotate_auditor(configuration: Configuration, setting: str, successor: Path) -> list[str]:
    """Put another reader's public file in the place of one in `audit.recipients` or `indexers`.

    Raises AuditError when `setting` isn't among them, FormatError for another kind of file.
    """
    section = configuration.settings.audit
    named = (*section.recipients, *section.indexers)
    if setting not in {path for entry in named for path in _paths(entry)}:
        raise AuditError(f"{setting} is not among `audit.recipients` or `audit.indexers`")
    path = configuration.path(setting)
    leaving, coming = audit_keys.load_recipient(path), audit_keys.load_recipient(successor)
    retired = _retire(path)
    audit_keys.write_recipient(path, coming)
    return [
        f"{coming.name} reads instead of {leaving.name} ({retired}) after the next start,",
        "which puts the change on record.",
        f"`privet audit reseal`, by an auditor, lets {coming.name} read what is recorded already.",
        f"{leaving.name} can still open what was sealed before, and no rotation takes that back.",
    ]


def _paths(entry: str | tuple[str, ...]) -> tuple[str, ...]:
    return (entry,) if isinstance(entry, str) else entry


def _retire(path: Path) -> Path:
    retired = path.with_name(f"{path.name}.retired-{time.time_ns()}")
    path.rename(retired)
    return retired
