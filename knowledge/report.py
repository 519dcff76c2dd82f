"""An evaluation as one page to read, print and send on: figures, drawings and the worst misses."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jinja2
import numpy as np

from knowledge.evaluation import FEW, Evaluation, Result, summarise, worst
from knowledge.matching import Decision

WIDTH: Final = 400.0
HEIGHT: Final = 300.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 12.0, 12.0, 48.0
REACHES: Final = (0.2, 0.5, 1.0)
"""How far the axis of false answers may go."""
BINS: Final = 10
PAIRS: Final = 15
CROSSED: Final = 12
"""Entries in the table of confusions, at most."""
MISSES: Final = 30
FIGURES: Final[Mapping[str, tuple[str, str, bool]]] = {
    "hit@1": ("ข้อที่ถูกมาเป็นอันดับแรก", "Right entry first", True),
    "hit@3": ("ข้อที่ถูกอยู่ในสามอันดับแรก", "Right entry among three", True),
    "answered_right": ("ตอบทันทีและถูก", "Answered, and rightly", True),
    "answered_wrong": ("ตอบทันทีแต่ผิดข้อ", "Answered with another entry", True),
    "refused": ("มีคำตอบแต่ไม่ตอบ", "Refused although there is an answer", True),
    "false_answers": ("ตอบเรื่องที่ไม่มีในคลัง", "Answered what has no answer", True),
    "false_suggestions": ("ให้เลือกในเรื่องที่ไม่มี", "Choices for what has no answer", True),
    "auroc": ("แยกเรื่องที่ตอบได้ออก (AUROC)", "Told apart (AUROC)", False),
    "p50_ms": ("เวลาต่อคำถาม (มัธยฐาน, มิลลิวินาที)", "Typical time, ms", False),
    "p99_ms": ("เวลาที่ช้าที่สุด 1 ใน 100 (มิลลิวินาที)", "Slowest in a hundred, ms", False),
}
"""What each figure is called, and whether it is a share."""
DECISIONS: Final = {
    Decision.ANSWER: ("ตอบ", "answered"),
    Decision.SUGGEST: ("ให้เลือก", "choices"),
    Decision.REFUSE: ("ไม่ตอบ", "refused"),
}
_KNOWN: Final[tuple[tuple[str, str, str, Callable[[Result], bool]], ...]] = (
    ("good", "ตอบถูก", "answered rightly", lambda r: r.answered and r.rank == 1),
    (
        "fair",
        "ให้เลือกและมีข้อที่ถูก",
        "right one among choices",
        lambda r: r.match.decision is Decision.SUGGEST and (r.rank or FEW + 1) <= FEW,
    ),
    ("none", "ไม่ได้คำตอบ", "no answer", lambda r: True),
    ("bad", "ตอบผิด", "answered wrongly", lambda r: r.answered and r.rank != 1),
)
_STRANGE: Final[tuple[tuple[str, str, str, Callable[[Result], bool]], ...]] = (
    ("good", "ไม่ตอบ ถูกแล้ว", "rightly refused", lambda r: r.match.decision is Decision.REFUSE),
    ("fair", "ให้เลือก", "choices", lambda r: r.match.decision is Decision.SUGGEST),
    ("bad", "ตอบทั้งที่ไม่มี", "answered all the same", lambda r: r.answered),
)


@dataclass(frozen=True, slots=True)
class Point:
    """A place in a drawing, and the two shares it stands for."""

    x: float
    y: float
    across: float
    up: float
    count: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bar, as shares of the whole."""

    name: str
    th: str
    en: str
    start: float
    share: float


@dataclass(frozen=True, slots=True)
class Bar:
    """How the messages of one kind ended."""

    kind: str
    count: int
    has_answer: bool
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """How often one entry came first where another was wanted."""

    wanted: str
    found: str
    count: int
    example: str


def render(evaluation: Evaluation, *, title: str) -> str:
    """The whole page, in Thai with English beside; it needs nothing from elsewhere."""
    results = evaluation.results
    pairs = confusions(results)
    entries = _crossed(pairs)
    reach = _reach(results)
    return _template().render(
        title=title,
        count=len(results),
        figures=_figures(evaluation.summary),
        frame=_frame(reach),
        square=_frame(1.0),
        curve=curve(results, reach),
        working=working_point(results, reach),
        reliability=reliability(results),
        bars=bars(results),
        legends={True: _KNOWN, False: _STRANGE},
        pairs=pairs[:PAIRS],
        entries=entries,
        crossed={(p.wanted, p.found): p.count for p in pairs},
        most=max((pair.count for pair in pairs), default=1),
        misses=worst(results, MISSES),
        decisions=DECISIONS,
    )


def curve(results: Sequence[Result], reach: float = 1.0) -> list[Point]:
    """Shares of false and of right answers, were all at or above each confidence answered."""
    known = [r for r in results if r.query.expected is not None]
    strange = np.asarray([r.confidence for r in results if r.query.expected is None])
    if not known or not strange.size:
        return []
    sure = np.asarray([r.confidence for r in known])
    right = np.asarray([r.rank == 1 for r in known])
    cuts = np.unique(np.concatenate([sure, strange, [np.inf]]))[::-1]
    shares = [(float((strange >= c).mean()), float((right & (sure >= c)).mean())) for c in cuts]
    return [_point(across, up, reach) for across, up in shares if across <= reach]


def working_point(results: Sequence[Result], reach: float = 1.0) -> Point | None:
    """Where the matcher's own decisions lie among these."""
    figures = summarise(results)
    if "answered_right" not in figures or "false_answers" not in figures:
        return None
    return _point(figures["false_answers"], figures["answered_right"], reach)


def reliability(results: Sequence[Result]) -> list[Point]:
    """For each tenth of confidence that occurs: the mean of it, and how often it was right."""
    bins: dict[int, list[Result]] = defaultdict(list)
    for result in results:
        bins[min(int(result.confidence * BINS), BINS - 1)].append(result)
    points = []
    for _, some in sorted(bins.items()):
        sure = float(np.mean([r.confidence for r in some]))
        right = float(np.mean([r.query.expected is not None and r.rank == 1 for r in some]))
        points.append(_point(sure, right, 1.0, len(some)))
    return points


def bars(results: Sequence[Result]) -> list[Bar]:
    """Each kind of message, those with an answer and those without one apart."""
    kinds: dict[tuple[bool, str], list[Result]] = defaultdict(list)
    for result in results:
        kinds[result.query.expected is None, result.query.kind].append(result)
    return [
        Bar(kind, len(some), not is_strange, _parts(some, _STRANGE if is_strange else _KNOWN))
        for (is_strange, kind), some in sorted(kinds.items())
    ]


def confusions(results: Sequence[Result]) -> list[Pair]:
    """Which entries come first where others are wanted, most often first."""
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], str] = {}
    for result in results:
        wanted = result.query.expected
        if wanted is not None and result.rank != 1 and result.match.ranked:
            key = (wanted, result.match.ranked[0][0])
            counts[key] += 1
            examples.setdefault(key, result.query.text)
    return [
        Pair(*key, count, examples[key])
        for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


def _crossed(pairs: Sequence[Pair]) -> list[str]:
    """The entries of the worst pairs, those of one pair side by side."""
    seen = dict.fromkeys(entry for pair in pairs for entry in (pair.wanted, pair.found))
    return list(seen)[:CROSSED]


def _parts(
    results: Sequence[Result], names: Sequence[tuple[str, str, str, Callable[[Result], bool]]]
) -> tuple[Part, ...]:
    left = list(results)
    shares = {}
    for name, _, _, belongs in sorted(names, key=lambda one: one[0] == "none"):
        shares[name] = sum(belongs(result) for result in left) / len(results)
        left = [result for result in left if not belongs(result)]
    parts, start = [], 0.0
    for name, th, en, _ in names:
        parts.append(Part(name, th, en, start, shares[name]))
        start += shares[name]
    return tuple(parts)


def _figures(summary: Mapping[str, float]) -> list[tuple[str, str, str]]:
    return [
        (th, en, f"{summary[name]:.1%}" if is_share else f"{summary[name]:.2f}")
        for name, (th, en, is_share) in FIGURES.items()
        if name in summary
    ]


def _reach(results: Sequence[Result]) -> float:
    """How much of the axis of false answers is worth drawing."""
    wanted = 2.0 * summarise(results).get("false_answers", 0.5)
    return next((reach for reach in REACHES if wanted <= reach), 1.0)


def _point(across: float, up: float, reach: float, count: int = 0) -> Point:
    x = LEFT + across / reach * (WIDTH - LEFT - RIGHT)
    y = HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)
    return Point(round(x, 1), round(y, 1), across, up, count)


def _frame(reach: float) -> dict[str, object]:
    """The lines of a drawing and what stands beside them."""
    steps = [0.0, 0.25, 0.5, 0.75, 1.0]
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "top": TOP,
        "bottom": HEIGHT - BOTTOM,
        "across": [(_point(step * reach, 0, reach).x, f"{step * reach:.3g}") for step in steps],
        "up": [(_point(0, step, reach).y, f"{step:.3g}") for step in steps],
    }


def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = lambda share: f"{share:.0%}"
    return environment.get_template("report.html")
