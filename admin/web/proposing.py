"""The form of a proposed answer: what it begins with, and what it comes to."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin import desk, logbook, proposals
from admin.moves import Ending, Move
from admin.proposals import EntryProposal, What, Wish
from admin.questions import Question
from admin.tickets import Ticket
from admin.web.forms import number_of
from admin.web.visit import Visit
from knowledge.columns import put_at
from knowledge.days import BUDDHIST_ERA, day_of
from knowledge.masking import mask

PARTS = {
    "category": ("category",),
    "question_th": ("question", "th"),
    "question_en": ("question", "en"),
    "phrasings": ("phrasings",),
    "phrasings_en": ("phrasings_en",),
    "answer_th": ("answer", "th"),
    "answer_en": ("answer", "en"),
    "unit": ("unit",),
    "source_title": ("source", "title"),
    "source_clause": ("source", "clause"),
    "source_url": ("source", "url"),
    "review_by": ("review_by",),
}
"""The fields of the form, and the part of an entry that each one holds."""
LISTS = frozenset({"phrasings", "phrasings_en"})
FIELDS = (*PARTS, "entry", "ticket")
REVIEWED = timedelta(days=182)
"""After which time an answer is looked at again, where the catalogue says nothing of its item."""
MOST_QUESTIONS = 8


async def prefilled(visit: Visit) -> dict[str, str]:
    """What the form begins with: a question passed to staff, some unanswered ones, or a draft."""
    query = visit.request.query
    found = {"review_by": _numbers(visit, visit.today + REVIEWED), "entry": query.get("entry", "")}
    async with visit.read() as session:
        ticket = await desk.question_of(
            session, visit.agency, visit.officer, query.get("ticket", "")
        )
        if ticket is not None:
            return found | await _of_ticket(visit, session, ticket)
        earlier = await proposals.proposal_of(
            session, visit.agency.slug, number_of(query.get("from", ""))
        )
        if earlier is not None:
            number = await _ticket_of(visit, session, earlier)
            return found | _of_earlier(visit, earlier) | {"ticket": number}
        texts = await _questions(visit, session, query.get("questions", ""))
    return found | _asked(texts, "th")


def _numbers(visit: Visit, day: date) -> str:
    """A day as people type it: in Thai with the year B.E."""
    year = day.year if visit.language == "en" else day.year + BUDDHIST_ERA
    return f"{day.day}/{day.month}/{year}"


async def _questions(visit: Visit, session: AsyncSession, ids: str) -> list[str]:
    """The words of unanswered questions, in the order of the address."""
    wanted = [number_of(part) for part in ids.split("-")[:MOST_QUESTIONS]]
    query = select(Question.id, Question.text).where(
        Question.agency == visit.agency.slug, Question.id.in_(wanted), Question.text.is_not(None)
    )
    found = {row.id: row.text for row in await session.execute(query)}
    return [found[key] for key in wanted if key in found]


async def _of_ticket(visit: Visit, session: AsyncSession, ticket: Ticket) -> dict[str, str]:
    """The question with its personal numbers masked, and the answer that it got."""
    lines = await logbook.lines(session, ticket, public=True)
    replies = [line.text for line in lines if line.what == Move.REPLY and line.text]
    answered = ticket.ending_reason if ticket.ending is Ending.ANSWERED else None
    item = visit.agency.item(ticket.item) if ticket.item else None
    unit = ticket.unit or (item.owner if item else "")
    found = _asked([mask(ticket.what)], ticket.language) | {"ticket": ticket.number, "unit": unit}
    found[f"answer_{ticket.language}"] = mask(answered or (replies[-1] if replies else ""))
    if ticket.url:
        found["source_url"] = ticket.url
    if item:
        months = timedelta(days=30 * item.review_months)
        found["review_by"] = _numbers(visit, visit.today + months)
        found["source_url"] = ticket.url or item.url or ""
    return found


def _asked(texts: list[str], language: str) -> dict[str, str]:
    """As questions and phrasings, each on one line."""
    if not texts:
        return {}
    lines = list(dict.fromkeys(" ".join(text.split()) for text in texts))
    tail = "_en" if language == "en" else ""
    return {f"question_{language}": lines[0], f"phrasings{tail}": "\n".join(lines)}


def _of_earlier(visit: Visit, earlier: EntryProposal) -> dict[str, str]:
    """A proposal that was returned, to be mended."""
    found = {"entry": earlier.key if earlier.what is What.PHRASING else ""}
    for name, path in PARTS.items():
        value: Any = earlier.content
        for part in path:
            value = value.get(part, {}) if isinstance(value, dict) else {}
        found[name] = "\n".join(value) if isinstance(value, list) else str(value or "")
    if day := day_of(found["review_by"]):
        found["review_by"] = _numbers(visit, day)
    return found


async def _ticket_of(visit: Visit, session: AsyncSession, earlier: EntryProposal) -> str:
    """The number of the question that it came from, if that concerns this officer."""
    ticket = await session.get(Ticket, earlier.ticket_id) if earlier.ticket_id else None
    return ticket.number if ticket and await visit.sees(session, ticket) else ""


async def typed_wish(visit: Visit, session: AsyncSession, typed: dict[str, str]) -> Wish:
    """What was filled in, as what is to be kept."""
    ticket = await desk.question_of(session, visit.agency, visit.officer, typed["ticket"])
    number = ticket.id if ticket else None
    said = {name: [line.strip() for line in typed[name].split("\n")] for name in LISTS}
    lists: dict[str, Any] = {name: [line for line in said[name] if line] for name in LISTS}
    if typed["entry"]:
        return Wish(What.PHRASING, {"id": typed["entry"], **lists}, number)
    content: dict[str, Any] = {"updated": visit.today.isoformat()}
    for name, path in PARTS.items():
        put_at(content, path, lists[name] if name in LISTS else typed[name] or None)
    day = day_of(typed["review_by"])
    put_at(content, ("review_by",), day.isoformat() if day else typed["review_by"] or None)
    return Wish(What.ENTRY, {k: v for k, v in content.items() if v != {}}, number)
