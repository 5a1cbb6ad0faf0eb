"""The `privet` command: what it takes, and which part does it.

Exit codes: 0 done, 1 something is wrong (a refusal, findings), 2 bad usage or configuration.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from audit import cli as audit_cli
from audit.errors import AuditError, FormatError
from proxy.commands import detect_cli, policy_cli
from proxy.errors import PrivetError
from proxy.yaml_file import ConfigError

if TYPE_CHECKING:
    from proxy.config import Configuration

#: A part's imports are local to its command: `privet audit` starts without spaCy and aiohttp.


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    try:
        code: int = chosen.run(chosen)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:  # who reads us has read enough; nothing more can be said to them
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (AuditError, FormatError, OSError, sqlite3.Error, ModuleNotFoundError) as error:
        print(f"privet: {_said(error)}", file=sys.stderr)
        return 2
    except PrivetError as error:
        print(f"privet: {error.message} {error.hint}".rstrip(), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _said(error: Exception) -> str:
    """An error without the number that the system has for it."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="privet",
        description="A privacy proxy for AI traffic: hides personal data on the way out, restores "
        "it on the way back, and keeps sealed evidence.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    serve = commands.add_parser("serve", help="serve, as privet.yaml says")
    _add_config(serve)
    serve.add_argument(
        "--allow-shadow",
        action="store_true",
        help="take a policy that isn't enforced as a whole, only counted: nothing is hidden",
    )
    serve.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="how many processes serve; default: what privet.yaml says, else 1",
    )
    serve.set_defaults(run=_serve, misused=serve.error)

    demo = commands.add_parser("demo", help="see it work, or try it in front of your own server")
    other_side = demo.add_mutually_exclusive_group()
    other_side.add_argument("--upstream", metavar="URL", help="root of an OpenAI-compatible server")
    other_side.add_argument(
        "--openai", action="store_true", help="hold the conversations with OpenAI ($OPENAI_API_KEY)"
    )
    demo.add_argument(
        "--key-env",
        metavar="NAME",
        help="the environment variable with the upstream's key; default: $OPENAI_API_KEY for "
        "https://api.openai.com, none for any other",
    )
    demo.add_argument("--listen", metavar="HOST:PORT", default="127.0.0.1:8080")
    demo.set_defaults(run=_demo, misused=demo.error)

    init = commands.add_parser("init", help="write a configuration, a starter policy and keys")
    init.add_argument("folder", type=Path, metavar="DIR")
    init.set_defaults(run=_init)

    doctor = commands.add_parser("doctor", help="check a configuration, and say how to mend it")
    _add_config(doctor)
    doctor.set_defaults(run=_doctor)

    _add_keys(commands)
    policy = commands.add_parser("policy", help="check, test, compare, prove and sign policies")
    policy_cli.add_commands(
        policy.add_subparsers(title="commands", metavar="COMMAND", required=True)
    )
    detect = commands.add_parser("detect", help="what is found in texts, why, and how well")
    detect_cli.add_commands(
        detect.add_subparsers(title="commands", metavar="COMMAND", required=True)
    )
    audit = commands.add_parser("audit", help="verify and read the audit log")
    audit_cli.add_commands(audit.add_subparsers(title="commands", metavar="COMMAND", required=True))
    return parser


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        type=Path,
        default=Path(os.environ.get("PRIVET_CONFIG", "privet.yaml")),
        metavar="FILE",
        help="default: $PRIVET_CONFIG, or privet.yaml in this folder",
    )


def _add_keys(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    keys = commands.add_parser("keys", help="virtual keys for applications")
    verbs = keys.add_subparsers(title="commands", metavar="COMMAND", required=True)
    create = verbs.add_parser("create", help="make a key; it is shown once")
    _add_config(create)
    create.add_argument("--team", required=True)
    create.add_argument("--app", required=True)
    create.add_argument("--tenant", default="default")
    create.add_argument("--user", default="", help="for a key that belongs to one person")
    create.add_argument(
        "--asserts",
        action="append",
        default=[],
        metavar="LABEL",
        help="a label that its holder attests; give it again for another one",
    )
    create.set_defaults(run=_keys_create, misused=create.error)
    listing = verbs.add_parser("list", help="the keys there are, without their text")
    _add_config(listing)
    listing.set_defaults(run=_keys_list)
    revoke = verbs.add_parser("revoke", help="take a key away; takes effect within a second")
    _add_config(revoke)
    revoke.add_argument("id", help="as `privet keys list` shows it")
    revoke.set_defaults(run=_keys_revoke)
    rotate = verbs.add_parser("rotate", help="another key for the audit log, or another auditor")
    rotate.add_argument("what", choices=["log", "auditor"])
    _add_config(rotate)
    rotate.add_argument("--replaces", metavar="FILE", help="an auditor's, as `recipients` names it")
    rotate.add_argument("--new", type=Path, metavar="FILE", help="the new auditor's public file")
    rotate.set_defaults(run=_keys_rotate, misused=rotate.error)


def _configuration(chosen: argparse.Namespace) -> Configuration:
    from proxy import config

    return config.load(chosen.config, os.environ)


def _serve(chosen: argparse.Namespace) -> int:
    from proxy import config

    workers: int | None = chosen.workers
    if workers is not None and not 1 <= workers <= config.MAX_WORKERS:
        chosen.misused(f"--workers is a number from 1 to {config.MAX_WORKERS}")
    from proxy.serving import single, supervising

    configuration = config.load(chosen.config, os.environ, workers=workers)
    many = configuration.settings.workers > 1
    run = supervising.run if many else single.run
    return run(configuration, allow_shadow=chosen.allow_shadow)


def _demo(chosen: argparse.Namespace) -> int:
    from proxy import demo

    key, openai = chosen.key_env, chosen.openai
    wrong = demo.misuse(chosen.upstream, chosen.listen, key_variable=key, openai=openai)
    if wrong:
        chosen.misused(wrong)
    return demo.run(chosen.upstream, chosen.listen, key_variable=key, openai=openai)


def _init(chosen: argparse.Namespace) -> int:
    from proxy.commands import scaffold

    folder: Path = chosen.folder
    private = scaffold.write(folder, scaffold.Choices())
    config = folder / "privet.yaml"
    print(f"Written to {folder}: privet.yaml, policy.yaml, keys.yaml and keys/.")
    print(
        "\nTake these two off this machine, each to its holder; together with the log they open it:"
    )
    for path in private:
        print(f"  {path}")
    print("\nNext:")
    print(f"  privet keys create --config {config} --team TEAM --app APP")
    print("  export OPENAI_API_KEY=...")
    print(f"  privet doctor --config {config}")
    print(f"  privet serve --config {config}")
    return 0


def _doctor(chosen: argparse.Namespace) -> int:
    from proxy.commands import doctor

    marks = {"ok": "ok     ", "warning": "WARNING", "failed": "FAILED "}
    worst = 0
    for check in doctor.examine(_configuration(chosen)):
        print(f"{marks[check.state]}  {check.name}: {check.detail}")
        if check.mend:
            print(f"         mend: {check.mend}")
        worst = max(worst, int(check.state == "failed"))
    return worst


def _keys_file(chosen: argparse.Namespace) -> Path:
    configuration = _configuration(chosen)
    if configuration.settings.keys is None:
        raise AuditError("this configuration asks for no keys (`anyone: true`)")
    return configuration.path(configuration.settings.keys)


def _keys_rotate(chosen: argparse.Namespace) -> int:
    from proxy.commands import rotating

    configuration = _configuration(chosen)
    if chosen.what == "log":
        told = rotating.rotate_log(configuration)
    elif chosen.replaces and chosen.new:
        told = rotating.rotate_auditor(configuration, chosen.replaces, chosen.new)
    else:
        chosen.misused("to rotate an auditor, give --replaces and --new")
    print("\n".join(told))
    return 0


def _keys_create(chosen: argparse.Namespace) -> int:
    from pydantic import ValidationError

    from proxy.identity.keys import create_key

    path = _keys_file(chosen)
    try:
        text, record = create_key(
            path, chosen.team, chosen.app, chosen.tenant, user=chosen.user, asserts=chosen.asserts
        )
    except ValidationError as error:
        wrong = error.errors()[0]
        chosen.misused(f"argument --{wrong['loc'][0]}: {wrong['msg']}")
    print(text)
    print(f"This is {record.id}; its text is kept nowhere, so keep it now.", file=sys.stderr)
    return 0


def _keys_list(chosen: argparse.Namespace) -> int:
    from proxy.identity.keys import list_keys

    for record in list_keys(_keys_file(chosen)):
        who = f"tenant={record.tenant} team={record.team} app={record.app}"
        print(
            f"{record.id}  {record.created}  {who}"
            + (f" user={record.user}" if record.user else "")
            + (f" asserts={','.join(record.asserts)}" if record.asserts else "")
        )
    return 0


def _keys_revoke(chosen: argparse.Namespace) -> int:
    from proxy.identity.keys import revoke_key

    print(f"{revoke_key(_keys_file(chosen), chosen.id).id} is revoked.")
    return 0
