"""Whether a soak went well, from what is left when everything has stopped."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit.keys import load_recipient_key, load_verifier_keys
from audit.reading import Reader
from audit.verify_site import verify_site

#: What a process may grow by between the second quarter of a soak and the last: caches that fill,
#: an allocator's leftovers. A leak of 100 bytes a request shows in ten minutes.
_MEMORY = (1.10, 8 * 1024)  # times, plus KB
_DESCRIPTORS = 16


#: What Privet's log says of what nobody foresaw, and of a worker that has ended.
UNFORESEEN = {
    "internal error",
    "outcome not recorded",
    "something that runs beside the requests has ended",
    "a worker didn't end, and is killed",
}
ENDED = "a worker ended by itself, and is replaced"


@dataclass
class Verdict:
    """`problems` is empty after a good soak; `lines` is the report."""

    problems: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def says(self, line: str, *, problem: bool = False) -> None:
        self.lines.append(f"{'PROBLEM  ' if problem else ''}{line}")
        if problem:
            self.problems.append(line)

    def judge_callers(self, said: Sequence[bytes]) -> list[str]:
        """What each process of callers printed at its end; gives the whole answers' exchange ids."""
        ended: Counter[str] = Counter()
        whole: list[str] = []
        for number, part in enumerate(said):
            seen = _last_line(part)
            if seen is None:
                self.says(f"callers {number} ended without a word", problem=True)
                continue
            ended.update(seen["ended"])
            whole += seen["whole"]
            for line in seen["wrong"]:
                self.says(f"an answer wasn't right: {line}", problem=True)
        for what, times in sorted(ended.items()):
            self.says(f"  {times:6} {what}")
        return whole

    def judge_provider(self, told: bytes) -> None:
        """What the provider printed at its end."""
        seen = _last_line(told)
        if seen is None:
            self.says("the provider ended without a word", problem=True)
            return
        self.says(f"the provider heard {seen['heard']}", problem=not seen["heard"].get("whole"))
        leaked = f"{len(seen['leaks'])} planted values reached the provider"
        self.says(f"{leaked} {seen['leaks'][:3] or ''}", problem=bool(seen["leaks"]))

    def judge_diary(self, path: Path, killed: int) -> None:
        """Privet's own log: nothing that nobody foresaw, and nobody ended but who was killed.

        A worker that starts while the disk hangs or the models are gone says why it can't, and ends.
        """
        errors: Counter[str] = Counter()
        ended: Counter[str] = Counter()
        for line in path.read_text().splitlines():
            if line.startswith("privet: "):
                errors[line] += 1
                continue
            try:
                said = json.loads(line)
            except ValueError:
                self.says(f"Privet's log has a line that is none: {line[:300]}", problem=True)
                continue
            if said["level"] in {"error", "critical"}:
                errors[said["event"]] += 1
            if said["event"] == ENDED:
                ended[said["how"]] += 1
            if said["level"] == "critical" or said["event"] in UNFORESEEN:
                self.says(f"Privet's log: {line[:600]}", problem=True)
        self.says(f"errors in Privet's log: {dict(errors)}")
        self.says(
            f"workers ended by {dict(ended)}; {killed} were killed",
            problem=ended["signal 9"] != killed or bool(ended.keys() - {"signal 9", "exit code 2"}),
        )

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


def _last_line(printed: bytes) -> Any:
    """The JSON that a process printed last; None if it didn't get so far."""
    try:
        return json.loads(printed.splitlines()[-1])
    except (IndexError, ValueError):
        return None
