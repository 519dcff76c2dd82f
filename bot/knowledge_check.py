"""The commands `knowledge check` and `knowledge unanswered`: what staff should mend next."""

import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from admin.questions import badly_answered
from bot import clock
from bot.shelf import Shelf
from bot.terminal import complain, progress, show, up_to
from knowledge.clusters import cluster
from knowledge.entries import Stored, confirmed
from knowledge.guard import Change, Findings, Outcome, Problem, compare, inspect
from knowledge.importing import plan
from knowledge.sheets import read

SHOWN: Final = 30
READ: Final = 5_000
"""Questions that are put together, the newest."""
NEAREST: Final = 3


def add_to(kind: Callable[[str, str], ArgumentParser]) -> None:
    """Add these commands beside the others of `knowledge`."""
    check = kind("check", "what is wrong with the entries / ตรวจคลังคำตอบ")
    check.add_argument(
        "--against", type=Path, metavar="FILE", help="and what has changed since this export"
    )
    check.add_argument("--json", action="store_true", help="print JSON")
    open_ones = kind("unanswered", "questions without a good answer / คำถามที่ยังตอบไม่ได้")
    open_ones.add_argument(
        "--limit", type=up_to(10_000), default=SHOWN, help="groups to show (default 30)"
    )
    open_ones.add_argument("--json", action="store_true", help="print JSON")


async def check(shelf: Shelf) -> int:
    """Tell every problem, grouped; 1 where one keeps citizens from an answer."""
    entries = shelf.with_general(shelf.entries.entries)
    async with shelf.database.read() as connection:
        sure = await confirmed(connection, shelf.agency.slug)
    problems = inspect(
        entries,
        make_matcher=lambda some: shelf.registry.matcher(shelf.agency, some),
        confirmed=sure,
        today=clock.local_date(clock.now()),
        units={unit.id for unit in shelf.agency.profile.units},
        unlinked=shelf.entries.unlinked,
        encoder=shelf.registry.encoder,
        progress=progress("ถามตัวเอง / asking itself"),
    )
    findings = Findings()
    if shelf.asked.against:
        changes = plan(read(shelf.asked.against), Stored(), shelf.agency.profile.units, is_all=True)
        if changes.rejected:
            complain(str(changes.rejected[0].reasons[0]), str(shelf.asked.against))
            return 1
        findings = compare(
            shelf.with_general({entry.id: entry for entry in changes.added}),
            entries,
            make_matcher=lambda some: shelf.registry.matcher(shelf.agency, some),
            confirmed=sure,
            progress=progress("คำถามเดิม / known questions"),
        )
    is_bad = findings.blocks or any(problem.blocks for problem in problems)
    if shelf.asked.json:
        show([json.dumps(_as_json(problems, findings, is_bad), ensure_ascii=False)])
    else:
        heading = f"{shelf.agency.profile.name.th}: {len(entries):,} ข้อ / entries"
        show([heading, *_problems(problems), *_changes(findings)])
        show([] if problems or findings.changed else ["✓ ไม่พบปัญหา / nothing wrong"])
    return int(is_bad)


def _problems(problems: Sequence[Problem]) -> Iterator[str]:
    for kind, some in groupby(problems, key=lambda problem: problem.kind):
        found = list(some)
        th, en = kind.heading
        yield f"\n{'✗' if found[0].blocks else '!'} {th} / {en} ({len(found)})"
        for problem in found:
            yield f"  - {problem.th}\n    {problem.en}"


def _changes(findings: Findings) -> Iterator[str]:
    headings: Mapping[str, Callable[[Change], bool]] = {
        "✗ คำถามที่ยืนยันแล้วได้คำตอบต่างไป / confirmed questions that break": lambda c: c.blocks,
        "! คำถามที่ได้คำตอบแย่ลง / questions worse off": lambda c: c.is_worse and not c.blocks,
        "· คำถามที่ได้คำตอบต่างไป / questions answered otherwise": lambda c: not c.is_worse,
    }
    for heading, belongs in headings.items():
        if some := [change for change in findings.changed if belongs(change)]:
            yield f"\n{heading} ({len(some)})"
            yield from (
                f"  - “{c.text}”: {_became(c.before)} → {_became(c.after)}" for c in some[:SHOWN]
            )
            if len(some) > SHOWN:
                yield f"  … อีก / and {len(some) - SHOWN:,}"
    if findings.known:
        yield f"\nถามซ้ำ / asked again: {findings.asked:,} / {findings.known:,}"


def _became(outcome: Outcome) -> str:
    if outcome.entry is not None:
        return outcome.entry
    if outcome.offered:
        return f"ให้เลือก / choice of {', '.join(outcome.offered)}"
    return "ไม่ตอบ / refused"


def _as_json(problems: Sequence[Problem], findings: Findings, is_bad: bool) -> dict[str, Any]:
    return {
        "blocks": is_bad,
        "problems": [
            {"kind": p.kind, "entries": p.entries, "th": p.th, "en": p.en, "blocks": p.blocks}
            for p in problems
        ],
        "changed": [
            {
                "text": c.text,
                "was": c.was,
                "becomes": c.becomes,
                "offered": c.after.offered,
                "confirmed": c.confirmed,
                "worse": c.is_worse,
                "blocks": c.blocks,
            }
            for c in findings.changed
        ],
        "asked": findings.asked,
        "known": findings.known,
    }


async def unanswered(shelf: Shelf) -> int:
    """Tell what had no answer or none that fitted, like questions together, most asked first."""
    async with shelf.database.session() as session:
        rows = await badly_answered(session, shelf.agency.slug, limit=READ)
        texts = [row.text or "" for row in rows]
        times = [clock.local_date(row.asked_at) for row in rows]
    clusters = cluster(texts, shelf.registry.encoder)[: shelf.asked.limit]
    entries = {entry.id: entry for entry in shelf.with_general(shelf.entries.entries)}
    matcher = shelf.registry.matcher(shelf.agency, entries.values())
    if shelf.asked.json:
        groups = [
            {
                "count": one.count,
                "newest": str(max(times[place] for place in one.members)),
                "example": one.example,
                "questions": list(dict.fromkeys(texts[place] for place in one.members)),
                "nearest": [list(pair) for pair in matcher.match(one.example).ranked[:NEAREST]],
            }
            for one in clusters
        ]
        show([json.dumps(groups, ensure_ascii=False)])
        return 0
    show([f"{len(texts):,} คำถาม / questions"])
    for one in clusters:
        newest = max(times[place] for place in one.members)
        show([f"\n{one.count:,} × “{one.example}” ({newest})"])
        others = dict.fromkeys(texts[place] for place in one.members)
        show([f"    “{text}”" for text in others if text != one.example][:NEAREST])
        near = matcher.match(one.example).ranked[:NEAREST]
        show(f"    ≈ {key} {sure:.2f} {entries[key].question.th}" for key, sure in near)
    return 0
