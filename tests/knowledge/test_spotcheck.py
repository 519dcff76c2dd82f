"""A change of very many entries is held against the confirmed questions, each of them."""

from collections.abc import Sequence

from knowledge.agency import Entry
from knowledge.matching import Matcher
from knowledge.registry import documents
from knowledge.spotcheck import ASKED, spot_check
from tests.knowledge.conftest import entry


def matcher(entries: Sequence[Entry]) -> Matcher:
    """An index by words alone."""
    return Matcher(documents(entries))


def test_a_confirmed_question_that_loses_its_answer_blocks() -> None:
    before = [
        entry("boats", question={"th": "แข่งเรือพญานาควันไหน", "en": "When is the boat race?"}),
        entry("garden", question={"th": "สวนกล้วยไม้เปิดกี่โมง", "en": "When is the garden open?"}),
    ]
    sure = [("สวนกล้วยไม้เปิดกี่โมง", "garden")]
    told: list[tuple[int, int]] = []
    good = spot_check(before, before, make_matcher=matcher, confirmed=sure)
    bad = spot_check(
        before, before[:1], make_matcher=matcher, confirmed=sure,
        progress=lambda done, whole: told.append((done, whole)),
    )  # fmt: skip

    assert not good.changed
    assert bad.blocks
    assert bad.changed[0].text == sure[0][0]
    assert bad.changed[0].was == "garden"
    assert bad.changed[0].becomes is None
    assert told[-1][0] == told[-1][1] == bad.asked <= ASKED + 1
