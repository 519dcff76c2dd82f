"""The page about an evaluation says the same as its figures, and anybody can read it."""

import re
from pathlib import Path

import pytest

from knowledge.evaluation import Evaluation, Query, Result, evaluate
from knowledge.matching import Decision, Match
from knowledge.report import bars, confusions, curve, reliability, render, working_point
from tests.web.windows import CHROMIUM, FLAGS

DATA = Path(__file__).parent / "data" / "municipality"
ANSWER, SUGGEST, REFUSE = Decision.ANSWER, Decision.SUGGEST, Decision.REFUSE


def result(
    wanted: str | None, found: str, sure: float, decision: Decision = ANSWER, kind: str = "k"
) -> Result:
    """One message, asking for an entry, for which another (or the same) came first."""
    other = "z" if found != "z" else "y"
    ranked = ((found, sure), (other, sure / 2))
    return Result(Query(f"ขอ {wanted}", kind, wanted), Match(decision, ranked), 1.0)


SOME = (
    result("a", "a", 0.9),
    result("a", "a", 0.6, SUGGEST),
    result("b", "a", 0.8),
    result("b", "a", 0.2, REFUSE),
    result(None, "a", 0.7, kind="out"),
    result(None, "b", 0.1, REFUSE, kind="out"),
)


@pytest.fixture(scope="module")
def page():
    return render(evaluate(DATA / "kb.jsonl", DATA / "queries.jsonl", encoder=None), title="ชุด <1>")


def test_the_curve_rises_from_nothing_to_all_that_come_first():
    found = [(point.across, point.up) for point in curve(SOME)]

    assert found[0] == (0.0, 0.0)
    assert found[-1] == (1.0, 0.5)
    assert found == sorted(found)
    assert (0.0, 0.25) in found  # only the surest, before any stranger
    assert (0.5, 0.5) in found


def test_the_working_point_is_what_was_decided():
    point = working_point(SOME)

    assert (point.across, point.up) == (0.5, 0.25)


def test_without_strangers_there_is_no_curve_and_the_page_says_so():
    known = SOME[:4]

    assert curve(known) == []
    assert working_point(known) is None
    assert "Cannot be drawn" in render(Evaluation(known), title="x")


def test_reliability_counts_every_message_once():
    points = reliability(SOME)

    assert sum(point.count for point in points) == len(SOME)
    assert [(p.across, p.up) for p in points][-1] == (0.9, 1.0)


def test_the_parts_of_a_bar_are_the_whole():
    [known, strange] = bars(SOME)

    assert [part.share for part in known.parts] == [0.25, 0.25, 0.25, 0.25]
    assert {part.name: part.share for part in strange.parts} == {"good": 0.5, "fair": 0, "bad": 0.5}
    assert known.parts[-1].start + known.parts[-1].share == pytest.approx(1.0)


def test_confusions_are_counted_with_an_example():
    [pair] = confusions(SOME)

    assert (pair.wanted, pair.found, pair.count, pair.example) == ("b", "a", 2, "ขอ b")


def test_nothing_measured_is_a_page_too():
    assert "0 คำถาม" in re.sub(r"\s+", " ", render(Evaluation(()), title="x"))


def test_the_page_needs_nothing_from_elsewhere(page):
    assert "<script" not in page
    assert not re.search(r"(?:src|href)=|url\(|@import|https?://", page)


def test_words_of_the_questions_are_text_and_no_markup(page):
    evil = (result("a", "b", 0.5, ANSWER, "<i>"),)

    assert "ชุด &lt;1&gt;" in page
    assert "<i>" not in render(Evaluation(evil), title="x")


def test_every_kind_and_every_figure_stands_there(page):
    for said in ("near-miss", "elder", "ตอบทันทีและถูก", "Right entry among three", "AUROC"):
        assert said in page


@pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER: the report was NOT looked at")
@pytest.mark.parametrize("width", [360, 1280])
async def test_the_page_fits_the_screen_and_is_accessible(page, tmp_path, width):
    from axe_playwright_python.async_playwright import Axe  # noqa: PLC0415
    from playwright.async_api import async_playwright  # noqa: PLC0415

    file = tmp_path / "report.html"
    file.write_text(page, "utf-8")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        shown = await browser.new_page(viewport={"width": width, "height": 800})
        await shown.goto(file.as_uri())
        assert await shown.evaluate("document.documentElement.scrollWidth") <= width
        found = await Axe().run(shown)
        await browser.close()

    assert [fault["id"] for fault in found.response["violations"]] == []
