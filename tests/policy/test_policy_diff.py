"""Diff, matrix and prove as a security team reads them, on the design's sample."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from proxy.cli import main
from proxy.policy.diff import Diff, compare
from proxy.policy.diff_report import diff_as_dict, render_diff
from proxy.policy.load import parse
from proxy.policy.testing import run

ACME = (Path(__file__).parent / "acme.yaml").read_text()
TODAY = date(2026, 11, 25)


def changed(*replacements: tuple[str, str]) -> str:
    text = ACME
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def diff(*replacements: tuple[str, str]) -> tuple[Diff, str]:
    """The diff from the sample to a changed one, and its changes in words."""
    old, new = parse(ACME, "acme.yaml"), parse(changed(*replacements), "new.yaml")
    found = compare(old, new, TODAY)
    words = render_diff(found, old, new).splitlines()[1:-2]
    return found, "\n".join(words).strip()


def test_what_changes_no_decision_is_no_change() -> None:
    found, words = diff(("why: PCI DSS 3.4", "why: PCI DSS 3.5"), ("acme/", "acme/"))
    assert found.flows == ()
    assert words == "nothing changes in effect: the texts differ, the flows don't"


LOOSER_AND_TIGHTER = """\
LOOSENS:
  waiver fraud-desk-us: IBAN_CODE to openai-us for team fraud, app case-review through 2027-03-31: \
refused by ibans-stay-in-the-eu -> mask, keep last 4
  EMAIL_ADDRESS to azure-eu, openai-us for everyone: placeholder -> shown

tightens:
  PERSON to openai-us for everyone: placeholder -> refused by health-needs-baa"""


def test_loosenings_come_first_and_of_these_waivers() -> None:
    _, words = diff(
        ("confidential, action: placeholder, min_score: 0.5", "public, action: allow"),
        ("any_of: [MEDICAL_RECORD]", "any_of: [MEDICAL_RECORD, PERSON]"),
        ("2027-01-31", "2027-03-31"),
    )
    assert words == LOOSER_AND_TIGHTER


ESCALATED = """\
DATE_OF_BIRTH beside PERSON to azure-eu, openai-us for everyone: DATE_OF_BIRTH generalise to year, \
PERSON placeholder -> DATE_OF_BIRTH placeholder, PERSON placeholder"""
UNREADABLE = """\
unread any-other-kind, unread audio, unread encrypted, unread file, unread image, unread tokens, \
unread uncovered, unread url, unread video to azure-eu, openai-us for everyone: \
refused by unclassified -> sent"""

#: What is changed, into what; what it opens, or what it closes.
CHANGES = [
    (("PERSON, DATE_OF_BIRTH, LOCATION]", "PERSON, DATE_OF_BIRTH]"), "LOCATION shown", ESCALATED),
    (
        ("min_score: 0.5", "min_score: 0.9"),
        "EMAIL_ADDRESS with a low score to azure-eu, openai-us for everyone: placeholder -> shown",
        None,
    ),
    (("unclassified: restricted", "unclassified: internal"), UNREADABLE, None),
    (
        ("providers: any}}", "providers: any}, when: {entities: {none_of: [PERSON]}}}"),
        None,
        "PERSON to vllm-frankfurt for everyone: shown -> refused by default-deny",
    ),
]


@pytest.mark.parametrize(("change", "looser", "tighter"), CHANGES)
def test_each_kind_of_change(
    change: tuple[str, str], looser: str | None, tighter: str | None
) -> None:
    found, words = diff(change)
    assert bool(found.loosenings) == (looser is not None)
    assert bool(found.tightenings) == (tighter is not None)
    assert (looser or "") in words
    assert (tighter or "") in words


def test_a_raised_clearance_lists_what_it_opens() -> None:
    """Openai-us may now see what is confidential: nothing is refused there for its clearance."""
    found, words = diff(("clearance: internal}", "clearance: confidential}"))
    assert "a request declared confidential to openai-us" in words
    assert {flow.provider for flow in found.flows} == {"openai-us"}


def test_a_new_rule_for_a_team_names_the_team_and_the_model() -> None:
    rule = "rules:\n  - {id: no-sales, scope: {team: [sales, field]}, block: {}}\n"
    _, words = diff(("rules:\n", rule))
    assert words == (
        "tightens:\n  a request in which nothing is found to azure-eu, openai-us, vllm-frankfurt "
        "for team field or sales: sent -> refused by no-sales"
    )


RESTORE = "restore: {hosts: [crm.example], tools: {send_mail: always, search: never}}\n"
OUTPUT = "  - {id: o, scope: {team: [red, blue]}, output: {CREDIT_CARD: block, any: mask}}\n"
WITHHOLD = "  - {id: h, when: {entities: {any_of: [IBAN_CODE]}}, withhold: [PERSON]}\n"
RECORDS = "  - {id: k, scope: {app: hr}, keep: metadata}\n"
EVERYWHERE = "azure-eu, openai-us, vllm-frankfurt"

#: What the old policy has besides the sample, and the new one; what loosens, what tightens.
ANSWERS = [
    (
        "",
        RESTORE,
        [
            f"arguments of tool send_mail, from {EVERYWHERE} for everyone: known_hosts -> always",
            f"values in URLs of crm.example, from {EVERYWHERE} for everyone: left hidden -> restored",
        ],
        [f"arguments of tool search, from {EVERYWHERE} for everyone: known_hosts -> never"],
    ),
    (
        OUTPUT,
        OUTPUT.replace("block", "mask").replace("any: mask", "any: block"),
        [
            f"CREDIT_CARD that the model writes, from {EVERYWHERE} for team blue or red: block -> mask"
        ],
        ["ANY_OTHER_ENTITY that the model writes,", "for team blue or red: mask -> block"],
    ),
    (
        WITHHOLD,
        "",
        [
            f"PERSON in the answer, IBAN_CODE beside PERSON found, from {EVERYWHERE} for everyone",
            "for everyone: withheld -> restored",
        ],
        [],
    ),
    (
        RECORDS,
        "audit: {keep: masked}\n",
        [f"what the audit log keeps, from {EVERYWHERE} for app hr: metadata -> masked"],
        [],
    ),
    ("audit: {keep: masked}\n", RECORDS + "audit: {keep: masked}\n", [], ["for app hr: masked"]),
]


@pytest.mark.parametrize(("old", "new", "looser", "tighter"), ANSWERS)
def test_what_changes_for_answers_and_records(
    old: str, new: str, looser: list[str], tighter: list[str]
) -> None:
    before, after = parse(ACME + old, "old.yaml"), parse(ACME + new, "new.yaml")
    found = compare(before, after, TODAY)
    loosens, _, tightens = render_diff(found, before, after).partition("tightens:")
    assert not found.flows
    assert [line for line in looser if line not in loosens] == []
    assert [line for line in tighter if line not in tightens] == []
    assert found.loosens == bool(looser)


def test_what_is_no_answer_changes_nothing() -> None:
    """What openai-us is never sent can't be withheld there."""
    rule = "  - {id: h, scope: {model: m}, withhold: [MEDICAL_RECORD]}\n"
    found = compare(parse(ACME, "old.yaml"), parse(ACME + rule, "new.yaml"), TODAY)
    assert {one.provider for one in found.answers} == {"azure-eu", "vllm-frankfurt"}
    assert not found.loosens


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            "shadow: {until: 2026-12-31, approved_by: [a, b]}\n",
            "LOOSENS:\n  the whole policy is in shadow through 2026-12-31, approved by a, b",
        ),
        ("restore: {hosts: [evil.example]}\n", "LOOSENS:\n  values in URLs of evil.example"),
    ],
)
def test_what_is_no_flow_is_told_and_fails_in_ci(
    more: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(ACME)
    new.write_text(ACME + more)
    compared = ["policy", "diff", str(old), str(new), "--on", "2026-11-25", "--fail-on-loosening"]
    assert main(compared) == 1
    told = capsys.readouterr().out
    assert said in told
    assert main(["policy", "diff", str(new), str(new), "--fail-on-loosening"]) == 0


def test_the_end_of_a_whole_shadow_is_told_as_tightening() -> None:
    """And one that is over already enforces everything: nothing changes."""
    until = "shadow: {until: 2026-12-31, approved_by: [a, b]}\n"
    shadowed, enforced = parse(ACME + until, "old.yaml"), parse(ACME, "new.yaml")
    ended = compare(shadowed, enforced, TODAY)
    assert [one.loosens for one in ended.besides] == [False]
    assert not ended.loosens
    assert "tightens:\n  the whole policy is enforced" in render_diff(ended, shadowed, enforced)
    assert not compare(enforced, shadowed, date(2027, 1, 1)).besides
    longer = parse(ACME + until.replace("2026", "2027"), "new.yaml")
    assert compare(shadowed, longer, TODAY).loosens
    assert not compare(longer, shadowed, TODAY).loosens


FAINT = """\
policy: faint
classes: [public, restricted]
default: {unclassified: public, entity: {class: public, action: allow}, hide: above_clearance}
entities:
  PERSON: {class: public, action: allow, min_score: 0.9}
  CASE: {class: restricted, action: placeholder}
providers: {p: {region: eu, on_prem: true, clearance: public}}
rules:
  - {id: all, permit: {providers: any}}
  - {id: held, when: {entities: {any_of: [PERSON]}}, withhold: [CASE]}
"""


def test_a_score_from_which_an_answer_changes_is_told() -> None:
    """With a low score too a PERSON keeps the CASE from the answer now: nothing else says so."""
    old, new = parse(FAINT, "old.yaml"), parse(FAINT.replace(", min_score: 0.9", ""), "new.yaml")
    found = compare(old, new, TODAY)
    assert [(one.subject, one.loosens) for one in found.answers] == [("CASE in the answer", False)]
    assert "CASE beside PERSON with a low score found" in render_diff(found, old, new)
    assert compare(new, old, TODAY).loosens


def test_json_has_every_flow() -> None:
    found, _ = diff(("unclassified: restricted", "unclassified: internal"))
    flows = diff_as_dict(found)["loosens"]
    assert {flow["provider"] for flow in flows} == {"azure-eu", "openai-us"}
    assert flows[0]["before"] == {"allowed": False, "rules": ["unclassified"], "treatment": {}}


def test_fail_on_loosening_is_an_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in (
        ("old.yaml", ACME),
        ("looser.yaml", changed(("unclassified: restricted", "unclassified: internal"))),
        ("tighter.yaml", changed(("2027-01-31", "2026-11-30"))),
    ):
        (tmp_path / name).write_text(text)
    old = str(tmp_path / "old.yaml")

    def code(new: str, *more: str) -> int:
        return main(["policy", "diff", old, str(tmp_path / new), "--on", "2026-11-25", *more])

    assert code("looser.yaml") == 0
    assert code("tighter.yaml", "--fail-on-loosening") == 0
    capsys.readouterr()
    assert code("looser.yaml", "--fail-on-loosening") == 1
    assert "the change loosens" in capsys.readouterr().out


MATRIX = """\
vllm-frankfurt  azure-eu            openai-us           found
sent            sent                sent                nothing
shown           placeholder         placeholder         PERSON, EMAIL_ADDRESS, ANY_OTHER_ENTITY
shown           shown               shown               LOCATION
shown           generalise to year  generalise to year  DATE_OF_BIRTH
shown           mask, keep last 4   REFUSED*            IBAN_CODE
shown           redact              REFUSED             MEDICAL_RECORD
REFUSED         REFUSED             REFUSED             CREDIT_CARD
sent            REFUSED             REFUSED             unread image, unread audio, unread video, unread file, \
unread encrypted, unread tokens, unread url, unread uncovered, unread any-other-kind

* otherwise for other callers, models or days: see `policy explain`
"""


def test_the_matrix(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(Path(__file__).parent / "acme.yaml")
    assert main(["policy", "matrix", path, "--on", "2026-11-25"]) == 0
    assert capsys.readouterr().out == MATRIX
    caller = ["--team", "fraud", "--app", "case-review"]
    assert main(["policy", "matrix", path, "--on", "2026-11-25", *caller]) == 0
    row = next(r for r in capsys.readouterr().out.splitlines() if r.endswith("IBAN_CODE"))
    assert row.split() == [
        "shown",
        "mask,",
        "keep",
        "last",
        "4",
        "mask,",
        "keep",
        "last",
        "4*",
        "IBAN_CODE",
    ]


def test_a_counterexample_is_a_test_case_that_fails_until_the_policy_is_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "acme.yaml"
    policy.write_text(ACME)
    claim = "{entities: [IBAN_CODE], to: {region: us}, never: sent}"
    day = ["--on", "2026-11-25"]
    assert main(["policy", "prove", str(policy), claim, *day]) == 1
    said = capsys.readouterr().out
    assert "IBAN_CODE is sent to openai-us for team fraud, app case-review, by" in said
    assert "team (any other; fraud)" in said
    assert "when (through 2027-01-31; after)" in said
    tests = tmp_path / "acme.test.yaml"
    case = said.split("\n\n")[1]
    tests.write_text(f"policy: acme.yaml\ncases:\n{case}\n")
    (result,) = run(tests, TODAY)
    assert "expected refused; got allowed" in str(result.problem)
    policy.write_text(ACME[: ACME.index("  - id: fraud-desk-us")])
    (result,) = run(tests, TODAY)
    assert result.passed
    assert main(["policy", "prove", str(policy), claim, *day]) == 0


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("{entities: [IBAN_CODE], never: sent, for: {team: sales}}", None),
        ("{entities: [IBAN_CODE], never: sent, for: {team: fraud}}", "team fraud, app case-review"),
        ("{entities: [IBAN_CODE], never: sent, not_for: {team: fraud}}", None),
        ("{entities: [IBAN_CODE], never: sent, from: 2027-02-01}", None),
        ("{entities: [IBAN_CODE], never: sent, through: 2027-01-31}", "team fraud"),
        ("{entities: [DATE_OF_BIRTH], never: shown, with: [PERSON]}", None),
        ("{entities: [LOCATION], never: shown}", "LOCATION is shown to openai-us"),
        ("{entities: [LOCATION], never: shown, with: [PERSON, DATE_OF_BIRTH]}", None),
        ("{entities: [LOCATION], never: sent, labels: {class: restricted}}", None),
        ("{entities: [LOCATION], never: sent, labels: {class: public}}", "LOCATION is sent"),
        ("{opaque: true, never: sent}", None),
    ],
)
def test_claims_about_some_callers_days_and_companions(
    claim: str, said: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(Path(__file__).parent / "acme.yaml")
    claim = claim[:-1] + ", to: {names: openai-us}}"
    code = main(["policy", "prove", path, claim, "--on", "2026-11-25"])
    assert code == int(said is not None)
    assert (said or "1 proved, 0 broken") in capsys.readouterr().out


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("{entities: [IBAN_COD], never: sent}", "did you mean 'IBAN_CODE'?"),
        ("{entities: any, never: seen}", "never: should be 'shown' or 'sent'"),
        ("{never: sent}", "this is about nothing"),
        ("{entities: any, never: sent, to: {region: mars}}", "no provider is like this"),
        ("{entities: any, nver: sent}", "did you mean 'never'?"),
        ("entities: [", "INVARIANT:1:"),
    ],
)
def test_a_claim_that_says_nothing_is_an_error(
    claim: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(Path(__file__).parent / "acme.yaml")
    assert main(["policy", "prove", path, claim]) == 2
    assert said in capsys.readouterr().err


def test_junit_names_the_failing_case_and_its_place(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(ACME)
    tests = tmp_path / "acme.test.yaml"
    tests.write_text(
        "policy: acme.yaml\ncases:\n"
        "  - {name: a, given: {provider: azure-eu}, expect: {treatment: {}}}\n"
        "  - {name: b & c, given: {provider: azure-eu}, expect: {refused: true}}\n"
    )
    out = tmp_path / "junit.xml"
    assert main(["policy", "test", str(tests), "--junit", str(out)]) == 1
    text = out.read_text()
    assert '<testsuite name="' in text
    assert 'tests="2" failures="1"' in text
    assert 'name="b &amp; c"' in text
    assert "expected refused; got allowed, hiding nothing" in text


def test_explain_takes_hypothetical_facts(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(Path(__file__).parent / "acme.yaml")
    facts = "{entities: [IBAN_CODE], opaque: [image]}"
    asked = ["--policy", path, "--provider", "openai-us", "--team", "sales"]
    assert main(["policy", "explain", "--facts", facts, *asked]) == 0
    said = capsys.readouterr().out
    assert "openai-us: refused" in said
    assert "fraud-desk-us         only for team fraud" in said
    assert "content that can't be read (image) counts as restricted" in said
    assert main(["policy", "explain", "--facts", "{entites: [X]}", "--policy", path]) == 2
    assert "did you mean 'entities'?" in capsys.readouterr().err
