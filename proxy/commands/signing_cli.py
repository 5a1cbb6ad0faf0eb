"""`privet policy sign`, `verify` and `keygen`: who signs a policy, and whether that is enough."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from proxy.yaml_file import ConfigError, Problem


def add_commands(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add these verbs to a parser's sub-commands. Each sets `run`: namespace -> exit code."""
    sign = verbs.add_parser("sign", help="sign a policy, or add a signature to a bundle")
    sign.add_argument("file", type=Path, metavar="FILE", help="a policy, or a bundle of one")
    sign.add_argument("--key", type=Path, required=True, metavar="PRIVATE")
    sign.add_argument(
        "--out", type=Path, metavar="BUNDLE", help="default: the policy's name with .bundle"
    )
    sign.set_defaults(run=_sign)

    verify = verbs.add_parser("verify", help="who signed a bundle, and whether that is enough")
    verify.add_argument("file", type=Path, metavar="BUNDLE")
    verify.add_argument(
        "--key", type=Path, action="append", default=[], metavar="PUBLIC", help="may be repeated"
    )
    verify.add_argument("--threshold", type=int, default=2, metavar="N", help="default: 2")
    verify.add_argument("--config", type=Path, metavar="FILE", help="the trust in a privet.yaml")
    verify.set_defaults(run=_verify)

    keygen = verbs.add_parser("keygen", help="make a signer's key: FILE, and FILE.pub")
    keygen.add_argument("file", type=Path, metavar="FILE")
    keygen.set_defaults(run=_keygen)


def _sign(chosen: argparse.Namespace) -> int:
    from proxy.policy.bundle import look_at, read_private_key, sign
    from proxy.policy.testing import run

    key, now = read_private_key(chosen.key), datetime.now(UTC)
    bundle = sign(chosen.file, key, now)
    tests = chosen.file.with_suffix(".test.yaml")
    if tests.exists():
        failed = [result for result in run(tests, now.date()) if not result.passed]
        for result in failed:
            print(f"FAILED  {result.problem}", file=sys.stderr)
        if failed:
            print(f"not signed: {tests} fails; mend the policy first", file=sys.stderr)
            return 1
    out = chosen.out or chosen.file.with_suffix(".bundle")
    draft = out.with_name(out.name + ".new")
    draft.write_text(bundle, encoding="utf-8")
    draft.replace(out)  # a running proxy never sees half of it
    policy, count = look_at(out), len(json.loads(bundle)["signatures"])
    print(f"{out}: {policy.name} ({policy.digest[:12]}), signed by {count}")
    print(f"next: `privet policy sign {out} --key …` by the next signer,")
    print(f"      then `privet policy verify {out} --config privet.yaml`")
    return 0


def _verify(chosen: argparse.Namespace) -> int:
    from proxy import config
    from proxy.policy.bundle import load_trust, verify
    from proxy.policy.load import parse
    from proxy.yaml_file import read_text

    keys, threshold = chosen.key, chosen.threshold
    if chosen.config:
        configuration = config.load(chosen.config, {})
        section = configuration.settings.policy_trust
        if section is None:
            hint = "add policy_trust: {threshold: 2, keys: [keys/alice.pub, keys/bob.pub]}"
            raise ConfigError([Problem(str(chosen.config), 1, 1, "no `policy_trust` here", hint)])
        keys, threshold = [configuration.path(key) for key in section.keys], section.threshold
    if not keys:
        hint = "--key alice.pub --key bob.pub, or --config privet.yaml"
        raise ConfigError([Problem(str(chosen.file), 1, 1, "whose signatures count?", hint)])
    verified = verify(read_text(chosen.file), chosen.file, load_trust(keys, threshold))
    policy = parse(verified.payload.policy, str(chosen.file))
    print(f"{chosen.file}: {policy.name} ({policy.digest[:12]})")
    print(f"signed at {verified.payload.signed_at} by {', '.join(verified.signers)}; enough")
    print("next: put it where `policy` in privet.yaml says; a running proxy takes it up by itself")
    return 0


def _keygen(chosen: argparse.Namespace) -> int:
    from proxy.policy.bundle import write_key

    public = write_key(chosen.file)
    print(f"{chosen.file}: the private key; keep it off shared machines and out of repositories")
    print(f"{public}: the public key; it goes under `policy_trust` in privet.yaml")
    return 0
