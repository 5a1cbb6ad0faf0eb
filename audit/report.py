"""What a verification says: findings by stable code, and how much nothing vouches for yet."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

#: code -> what it means. Codes never change their meaning.
CODES = {
    "edited-frame": "a record's bytes are not those that the tree holds",
    "missing-frame": "a record is missing inside a segment",
    "missing-segment": "a segment's records are missing",
    "truncated": "records that a checkpoint counts are missing at the end",
    "reordered": "a record stands at another place than its sequence says",
    "duplicate": "a record occurs twice",
    "incomplete-batch": "a file ends inside a batch (a crash, or an unfinished copy)",
    "bad-batch": "a batch's digest or structure is wrong",
    "bad-segment": "a segment can't be read, or belongs to another log or place",
    "changed-header": "a segment's header is not the one that its records were sealed under",
    "missing-row": "a key row is gone and no erasure explains it",
    "changed-row": "a key row is not the one that its record lists",
    "unsigned-erasure": "a key row is gone, and no checkpoint counts the erasure that names it",
    "restored-row": "a key row is there that an erasure record says was deleted",
    "unknown-row": "a key row belongs to no content of its record",
    "damaged-keys": "keys.db is missing or can't be read",
    "bad-reference": "a record refers to a content that isn't older than it",
    "forged-checkpoint": "a checkpoint isn't signed by the log's key, or is malformed",
    "checkpoint-order": "the history of checkpoints goes backwards or lacks its newest",
    "checkpoint-mismatch": "the records don't have the root that a checkpoint signed",
    "tile-mismatch": "a tile is missing or isn't what the records give",
    "does-not-open": "a record doesn't open with the given key",
    "missing-origin": "the site's manifest lists a log that isn't there",
    "unlisted-origin": "a log is there that the site's manifest doesn't list",
    "bad-manifest": "the site's manifest is missing or damaged",
    "intent-without-outcome": "a request was about to be forwarded; what came of it isn't recorded",
    "clock-backwards": "a record is older than the one before it",
    "too-many": "further findings were left out",
}
#: What can happen without anyone tampering.
WARNINGS = frozenset({"intent-without-outcome", "clock-backwards"})
MAX_FINDINGS = 10_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that isn't as it must be. `where` names a file or a record, never a value."""

    code: str
    where: str
    detail: str


@dataclass(slots=True)
class Report:
    """What was verified.

    Attributes:
        origin: the log.
        records: how many records were read.
        checkpoint: size of the newest good checkpoint in the folder.
        held: size of the checkpoint that the caller held, or None.
        unprotected_records: records after the held checkpoint (after the newest one in the folder,
            if none was held): nothing outside of the log's own machine vouches for them yet.
        unprotected_seconds: the time from the last protected record to the last one.
        opened: how many records opened with the given key; None without one.
    """

    origin: str
    records: int = 0
    checkpoint: int = 0
    held: int | None = None
    unprotected_records: int = 0
    unprotected_seconds: float = 0.0
    opened: int | None = None
    findings: list[Finding] = field(default_factory=list)

    def find(self, code: str, where: str, detail: str = "") -> None:
        """Add a finding; beyond MAX_FINDINGS only the fact that there are more."""
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(Finding(code, where, detail or CODES[code]))
        elif len(self.findings) == MAX_FINDINGS:
            self.findings.append(Finding("too-many", self.origin, CODES["too-many"]))

    @property
    def exit_code(self) -> int:
        """0: nothing found; 1: warnings only; 2: the log is not what was written."""
        if not self.findings:
            return 0
        return 1 if all(finding.code in WARNINGS for finding in self.findings) else 2

    def as_json(self) -> dict[str, object]:
        """The report as plain JSON values."""
        return asdict(self)

    def as_text(self) -> str:
        """The report for people."""
        anchor = "the newest checkpoint" if self.held is None else "the checkpoint you hold"
        size = self.checkpoint if self.held is None else self.held
        window = f"{self.unprotected_records} records over {self.unprotected_seconds:.3f} s"
        lines = [
            f"{self.origin}: {self.records} records; newest checkpoint at {self.checkpoint}",
            f"  vouched for by {anchor} (size {size}); unprotected after it: {window}",
        ]
        if self.opened is not None:
            lines.append(f"  {self.opened} records opened with the given key")
        for finding in self.findings:
            mark = "note" if finding.code in WARNINGS else "FINDING"
            lines.append(f"  {mark} {finding.code} at {finding.where}: {finding.detail}")
        if not self.findings:
            lines.append("  no findings")
        return "\n".join(lines)
