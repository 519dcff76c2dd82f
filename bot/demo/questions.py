"""Questions to staff in the demonstration: taken on, answered, and the answers kept."""

from datetime import datetime, timedelta

from sqlalchemy import select

from admin import desk, proposals
from admin.desk import Answer
from admin.proposals import EntryProposal, What, Wish
from bot.demo.cases import Case

REVIEW = timedelta(days=180)


async def claimed(case: Case, now: datetime) -> None:
    """An agent takes a question on."""
    await desk.claim(case.session, case.ticket, case.office.agent, now)


async def _answered(case: Case, now: datetime, words: str, *, ends: bool) -> None:
    await case.session.refresh(case.ticket)
    answer = Answer(words, ends=ends)
    await desk.answer(
        case.session, case.plan.agency, case.ticket, answer, officer=case.office.agent, now=now
    )


async def answered(case: Case, now: datetime) -> None:
    """The agent answers, and that is that."""
    words = case.plan.story.reason or "ติดต่อได้ที่จุดบริการในเวลาราชการ"
    await _answered(case, now, words, ends=True)


async def answered_in_part(case: Case, now: datetime) -> None:
    """The agent answers, and the citizen may ask on."""
    words = case.plan.story.ask or "ขอตรวจสอบเพิ่มเติม จะแจ้งให้ทราบอีกครั้ง"
    await _answered(case, now, words, ends=False)


async def proposed(case: Case, now: datetime) -> None:
    """The answer is proposed to be kept."""
    content = {
        **(case.plan.story.entry or {}),
        "unit": case.unit,
        "updated": now.date().isoformat(),
        "review_by": (now.date() + REVIEW).isoformat(),
    }
    wish = Wish(What.ENTRY, content, case.ticket.id)
    await proposals.propose(case.session, case.plan.agency, wish, case.office.agent, now)


async def kept(case: Case, now: datetime) -> None:
    """Another person approves it: from then on the bot knows."""
    query = select(EntryProposal).where(EntryProposal.ticket_id == case.ticket.id)
    for proposal in await case.session.scalars(query):
        await proposals.approve(case.session, case.plan.agency, proposal, case.office.approver, now)
