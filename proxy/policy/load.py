"""From a policy file to a compiled `Policy`: read, check, compile.

Invariants: what comes out passed every check; nothing comes out otherwise (P3). The digest is of
what the policy says: comments, order and how a value is written don't change it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from proxy.policy.check import check
from proxy.policy.compiled import Policy
from proxy.policy.compiling import compiled
from proxy.policy.model import PolicyForm
from proxy.yaml_file import ConfigError, Document, read_text


def load(path: Path, produced: Collection[str] | None = None) -> Policy:
    """The policy in the file at `path`. Raises ConfigError, see `read_checked`."""
    return parse(read_text(path), str(path), produced)


def parse(text: str, file: str, produced: Collection[str] | None = None) -> Policy:
    """The policy that `text` describes. Raises ConfigError, see `read_checked`."""
    return compile_policy(read_checked(text, file, produced)[1])


def read_checked(
    text: str, file: str, produced: Collection[str] | None = None
) -> tuple[Document, PolicyForm]:
    """A policy as it is written, fit to compile, and where everything in it stands.

    Args:
        file: the name that problems carry.
        produced: the entities that enabled recognizers can yield, None when unknown.

    Raises:
        ConfigError: with every problem at its line and column.
    """
    document = Document(text, file)
    form = document.read(PolicyForm)
    if problems := check(document, form, produced):
        raise ConfigError(problems)
    return document, form


def compile_policy(form: PolicyForm) -> Policy:
    """The policy that a checked form describes."""
    return compiled(form, digest(form))


def digest(form: PolicyForm) -> str:
    """SHA-256 (hex) over the canonical JSON of a policy, defaults filled in.

    Only the order of `classes` means anything, so every other list is sorted.
    """
    said = form.model_dump(mode="json", by_alias=True, exclude={"classes"})
    canonical = json.dumps([form.classes, _sorted(said)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(child) for key, child in value.items()}
    if isinstance(value, list):
        return sorted(map(_sorted, value), key=lambda child: json.dumps(child, sort_keys=True))
    return value
