"""A general answer does not push aside the agency's own that is nearly as likely."""

from datetime import date
from typing import cast

from sqlalchemy.ext.asyncio import AsyncSession

from bot.messages import Contact, InboundMessage, Kind
from handlers.answering import question
from handlers.conversation import State, Turn
from knowledge.matching import Decision, Match
from knowledge.registry import Registry

SLUG, GENERAL = "mof-ops", "g-oia-board"


def asked(served: Registry, *ranked: tuple[str, float]) -> Decision:
    """What is done with a question that was matched so."""
    agency = served.served[SLUG].agency
    turn = Turn(
        message=InboundMessage(Contact(SLUG, "web", "a"), "1", Kind.TEXT, 1, text="สขร"),
        agency=agency,
        state=State(),
        language="th",
        today=date(2026, 12, 1),
        session=cast("AsyncSession", None),
        match=Match(Decision.ANSWER, ranked),
    )
    outcome = question(turn)
    assert outcome.asked is not None
    return Decision(outcome.asked.decision)


def test_a_general_answer_with_an_own_one_close_behind_asks_which(served) -> None:
    own = min(served.served[SLUG].agency.own)

    assert asked(served, (GENERAL, 0.88), (own, 0.6)) is Decision.SUGGEST
    assert asked(served, (GENERAL, 0.88), (own, 0.1)) is Decision.ANSWER


def test_an_own_answer_is_given_whatever_general_one_is_close(served) -> None:
    own = min(served.served[SLUG].agency.own)

    assert asked(served, (own, 0.88), (GENERAL, 0.8)) is Decision.ANSWER
