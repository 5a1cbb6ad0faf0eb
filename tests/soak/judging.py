"""Whether a soak went well, from what is left when everything has stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from audit.keys import load_recipient_key, load_verifier_keys
from audit.reading import Reader
from audit.verify_site import verify_site

#: What a process may grow by between the second quarter of a soak and the last: caches that fill,
#: an allocator's leftovers. A leak of 100 bytes a request shows in ten minutes.
_MEMORY = (1.10, 8 * 1024)  # times, plus KB
_DESCRIPTORS = 16


@dataclass
class Verdict:
    """`problems` is empty after a good soak; `lines` is the report."""

    problems: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def says(self, line: str, *, problem: bool = False) -> None:
        self.lines.append(f"{'PROBLEM  ' if problem else ''}{line}")
        if problem:
            self.problems.append(line)

    def judge_log(self, folder: Path, whole: Collection[str]) -> None:
        """The audit log verifies, opens, and has intent and outcome of all that was answered."""
        keys = load_verifier_keys(folder / "keys" / "log.pub")
        auditor = load_recipient_key(folder / "keys" / "auditor.key")
        reports = verify_site(folder / "audit", keys, recipient=auditor)
        for report in reports:
            self.says(report.as_text().replace("\n", "; "), problem=report.exit_code > 0)
        kinds: dict[str, set[str]] = {}
        ends: Counter[str] = Counter()
        for slot in sorted(path for path in (folder / "audit").iterdir() if path.name.isdigit()):
            with Reader(slot, auditor) as reader:
                for record in reader.records():
                    kind = record.opened.kind.name.lower()
                    kinds.setdefault(record.opened.exchange_id, set()).add(kind)
                    if kind == "outcome":
                        ends[str(record.opened.body["status"])] += 1
        self.says(f"outcomes on record: {dict(ends)}")
        without = [one for one in whole if not {"intent", "outcome"} <= kinds.get(one, set())]
        self.says(
            f"{len(whole)} whole answers; {len(without)} without intent and outcome",
            problem=bool(without) or not whole,
        )
        open_ends = [one for one, had in kinds.items() if "intent" in had and "outcome" not in had]
        self.says(f"{len(open_ends)} intents without an outcome", problem=bool(open_ends))

    def judge_growth(self, growth: dict[str, tuple[int, int, int, int]]) -> None:
        """Memory and descriptors are flat."""
        for name, (kb, kb_last, files, files_last) in growth.items():
            grew = kb_last > kb * _MEMORY[0] + _MEMORY[1] or files_last > files + _DESCRIPTORS
            self.says(
                f"{name}: {kb // 1024} MB then {kb_last // 1024} MB, {files} then {files_last} "
                "descriptors (medians of the second and the last quarter)",
                problem=grew,
            )
