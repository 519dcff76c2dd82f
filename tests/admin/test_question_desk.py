"""Questions passed to staff: taken on by one, answered, kept, and then answered by the bot."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin import conversation, desk, desk_lists, followers, proposals
from admin.audit import AuditRow
from admin.desk import Answer
from admin.desk_lists import Whose
from admin.lists import PAGE
from admin.moves import Ending, IllegalMove, Status
from admin.officers import Officer, Post, Role
from admin.opening import Matter, open_ticket
from admin.proposals import NotKept, State, What, Wish
from admin.tickets import Source, Ticket
from bot.db import Database
from bot.messages import Contact, Reply
from bot.tables import ContactRow
from knowledge.agency import Agency
from knowledge.chains import Kind as Matters
from knowledge.chains import Step
from knowledge.entries import history
from knowledge.library import Library
from knowledge.matching import Decision
from knowledge.registry import Registry
from tests.fakes import AGENCY, MovingClock

ASKED = "ลู่วิ่งยางพาราในสวนสุขภาพยาวกี่เมตร"
ENTRY = {
    "category": "ข้อมูล อบต.",
    "question": {"th": ASKED, "en": "How long is the running track?"},
    "phrasings": [ASKED, "ลู่วิ่งยาวเท่าไร", "วิ่งรอบสวนสุขภาพกี่เมตร", "ระยะลู่วิ่งในสวน"],
    "answer": {"th": "รอบละ 400 เมตร", "en": "400 metres a round."},
    "unit": "sections",
    "source": {"title": "ป้ายหน้าสวน", "clause": "ข้อ 1"},
    "updated": "2024-11-21",
    "review_by": "2099-05-21",
}


def officer(number: int, *roles: Role, unit: str | None = None) -> Officer:
    """Somebody with these posts."""
    posts = tuple(Post(role, unit if role is Role.REPORTER else None) for role in roles)
    return Officer(number, AGENCY, f"คุณที่ {number}", posts)


AGENT = officer(1, Role.AGENT, Role.REPORTER)
OTHER = officer(2, Role.AGENT, Role.REPORTER)
APPROVER = officer(3, Role.APPROVER)
REPORTER = officer(4, Role.REPORTER, unit="sections")
CITIZEN = Contact(AGENCY, "line", "U" + "7" * 32)


@dataclass
class Desk:
    """An agency that serves citizens, and its staff's desk."""

    database: Database
    library: Library
    registry: Registry
    clock: MovingClock

    @property
    def agency(self) -> Agency:
        """The agency as it is served now."""
        return self.registry.served[AGENCY].agency

    async def receives(self, what: str = ASKED, unit: str | None = "sections") -> Ticket:
        """A citizen passes a question on to staff."""
        async with self.database.session() as session:
            if await session.get(ContactRow, CITIZEN.id) is None:
                session.add(ContactRow.new(CITIZEN, self.clock()))
                await session.flush()
            matter = Matter(Matters.QUESTION, Source.LINE, what, unit=unit)
            return await open_ticket(
                session, self.agency, matter, now=self.clock(), contact=CITIZEN
            )

    async def load(self, session: AsyncSession, ticket: Ticket) -> Ticket:
        """The question as the desk finds it."""
        found = await desk.question_of(session, self.agency, AGENT, ticket.number, locks=True)
        assert found is not None
        return found

    async def claims(self, ticket: Ticket, who: Officer) -> bool:
        """Somebody takes it on."""
        async with self.database.session() as session:
            return await desk.claim(session, await self.load(session, ticket), who, self.clock())

    async def answers(self, ticket: Ticket, given: Answer, who: Officer = AGENT) -> bool:
        """Somebody answers it."""
        self.clock.move(seconds=60)
        async with self.database.session() as session:
            found = await self.load(session, ticket)
            return await desk.answer(
                session, self.agency, found, given, officer=who, now=self.clock()
            )

    async def passes_on(self, ticket: Ticket, who: Officer, **where: Any) -> None:
        """Somebody passes it on."""
        async with self.database.session() as session:
            found = await self.load(session, ticket)
            await desk.pass_on(session, self.agency, found, who, now=self.clock(), **where)

    async def now(self, ticket: Ticket) -> Ticket:
        """The question as it stands."""
        async with self.database.session() as session:
            return await session.get_one(Ticket, ticket.id)

    async def news(self) -> list[Reply]:
        """What the citizen is told, once."""
        async with self.database.session() as session:
            return await followers.take(session, CITIZEN.id, self.clock())

    async def proposes(self, wish: Wish, who: Officer = AGENT) -> int:
        """Somebody proposes to keep it."""
        async with self.database.session() as session:
            return (await proposals.propose(session, self.agency, wish, who, self.clock())).id

    async def approves(self, number: int, who: Officer) -> None:
        """Somebody approves it."""
        async with self.database.session() as session:
            found = await proposals.proposal_of(session, AGENCY, number, locks=True)
            assert found is not None
            await proposals.approve(session, self.agency, found, who, self.clock())

    async def audited(self, what: str) -> list[AuditRow]:
        """The rows of the audit log of this kind."""
        async with self.database.session() as session:
            query = select(AuditRow).where(AuditRow.agency == AGENCY, AuditRow.what == what)
            return list(await session.scalars(query.order_by(AuditRow.seq)))


@pytest.fixture
async def house(database: Database, agencies: Path, tmp_path: Path, clock: MovingClock) -> Desk:
    """The agency, served from its database."""
    served = Registry(agencies, tmp_path / "kept")
    library = Library(database, served, clock)
    assert await library.refresh() == [AGENCY]
    return Desk(database, library, served, clock)


async def test_a_question_goes_from_the_citizen_to_an_entry_that_answers_the_next(
    house: Desk,
) -> None:
    assert house.registry.served[AGENCY].matcher.match(ASKED).decision is not Decision.ANSWER
    ticket = await house.receives()

    assert await house.claims(ticket, AGENT)
    assert await house.answers(ticket, Answer("รอบละ 400 เมตร"))
    assert (await house.now(ticket)).status is Status.CLOSED
    assert (await house.now(ticket)).ending is Ending.ANSWERED
    [reply] = await house.news()
    assert "รอบละ 400 เมตร" in reply.text

    number = await house.proposes(Wish(What.ENTRY, ENTRY, ticket.id))
    assert await house.library.refresh() == []  # nothing is live that nobody approved
    await house.approves(number, APPROVER)
    assert await house.library.refresh() == [AGENCY]

    found = house.registry.served[AGENCY].matcher.match(ASKED)
    assert found.decision is Decision.ANSWER
    entry = house.agency.entries[found.ranked[0][0]]
    assert entry.answer.th == "รอบละ 400 เมตร"
    assert entry.unit == "sections"
    async with house.database.read() as connection:
        [row] = await history(connection, AGENCY, key=entry.id)
    assert row.by == "คุณที่ 1 / คุณที่ 3"
    assert [row.actor for row in await house.audited("proposal.approved")] == ["staff:3"]


async def test_of_two_who_take_a_question_at_once_one_gets_it_and_the_other_is_told(
    house: Desk,
) -> None:
    for turn in range(3):
        ticket = await house.receives(f"{ASKED} {turn}")

        won = await asyncio.gather(house.claims(ticket, AGENT), house.claims(ticket, OTHER))

        assert sorted(won) == [False, True]
        assert (await house.now(ticket)).holder == (AGENT.id if won[0] else OTHER.id)
    assert len(await house.audited("ticket.claimed")) == 3


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_the_desk_shows_all_that_waits_page_by_page_ones_own_first(house: Desk) -> None:
    first = [await house.receives(f"คำถามที่ {n}") for n in range(PAGE + 2)]
    async with house.database.session() as session:
        for ticket, who in ((first[-1], AGENT), (first[0], OTHER)):
            assert await desk.claim(session, await house.load(session, ticket), who, house.clock())
        pages = [await desk_lists.waiting(session, house.agency, AGENT, page) for page in (1, 2, 3)]
        counts = await desk_lists.counts(session, house.agency, AGENT)

    assert counts == {Whose.MINE: 1, Whose.FREE: PAGE, Whose.OTHERS: 1}
    assert [len(page) for page in pages] == [PAGE, 2, 0]
    assert [(whose, one.id) for page in pages for whose, one in page] == [
        (Whose.MINE, first[-1].id),
        *((Whose.FREE, one.id) for one in first[1:-1]),
        (Whose.OTHERS, first[0].id),
    ]


async def test_a_question_that_is_given_back_is_free_for_others(house: Desk) -> None:
    ticket = await house.receives()
    await house.claims(ticket, AGENT)

    async with house.database.session() as session:
        found = await house.load(session, ticket)
        assert not await desk.give_back(session, found, OTHER, house.clock())
        assert await desk.give_back(session, found, AGENT, house.clock())

    assert (await house.now(ticket)).holder is None
    assert await house.claims(ticket, OTHER)


async def test_nobody_answers_what_another_has_taken_on(house: Desk) -> None:
    ticket = await house.receives()
    await house.claims(ticket, AGENT)

    with pytest.raises(IllegalMove, match=r"desk[.]taken_by_other"):
        await house.answers(ticket, Answer("400 เมตร"), OTHER)

    assert await house.news() == []
    assert (await house.now(ticket)).status is Status.RECEIVED


async def test_a_reply_leaves_the_question_open_for_more(house: Desk) -> None:
    ticket = await house.receives()

    assert await house.answers(ticket, Answer("ลู่ไหน ลู่ในหรือลู่นอก", ends=False))

    [reply] = await house.news()
    assert "ลู่ในหรือลู่นอก" in reply.text
    assert [choice.value for choice in reply.choices] == [f"mine:{ticket.number}:add"]
    assert (await house.now(ticket)).is_open
    assert (await house.now(ticket)).holder == AGENT.id


async def test_an_answer_of_an_entry_carries_its_source_and_one_of_ones_own_does_not(
    house: Desk,
) -> None:
    entry = next(one for key, one in house.agency.entries.items() if key in house.agency.own)
    first, second = await house.receives(), await house.receives()

    await house.answers(first, Answer(f"สวัสดี\n\n{entry.answer.th}", entry))
    [reply] = await house.news()
    assert reply.card is not None
    assert reply.card.entry == entry.id
    assert entry.answer.th in reply.text

    await house.answers(second, Answer("คำตอบที่เขียนใหม่ทั้งหมด", entry))
    [reply] = await house.news()
    assert reply.card is None


async def test_the_preview_is_just_what_is_sent(house: Desk) -> None:
    entry = next(one for key, one in house.agency.entries.items() if key in house.agency.own)
    for given in (Answer(entry.answer.th, entry), Answer("รอสักครู่", ends=False)):
        ticket = await house.receives()
        shown = desk.letter(house.agency, ticket, given, "th")

        await house.answers(ticket, given)

        assert await house.news() == [shown]


async def test_who_may_not_sign_can_reply_but_not_settle(house: Desk) -> None:
    ticket = await house.receives()
    assert not desk.may_end(house.agency, ticket, APPROVER)
    assert desk.may_end(house.agency, ticket, AGENT)

    with pytest.raises(IllegalMove, match=r"refused[.]not_yours"):
        await house.answers(ticket, Answer("400 เมตร"), APPROVER)
    assert (await house.now(ticket)).status is Status.RECEIVED

    assert await house.answers(ticket, Answer("400 เมตร", ends=False), APPROVER)


async def test_where_the_chain_wants_an_approver_the_answer_waits_for_one(house: Desk) -> None:
    ticket = await house.receives()
    chain = house.agency.chains[Matters.QUESTION]
    longer = chain.model_copy(update={"steps": (Step.PREPARE, Step.APPROVE)})
    chains = {**house.agency.chains, Matters.QUESTION: longer}
    agency = house.agency.model_copy(update={"chains": chains})

    async with house.database.session() as session:
        found = await house.load(session, ticket)
        given = Answer("รอบละ 400 เมตร")
        assert not await desk.answer(
            session, agency, found, given, officer=AGENT, now=house.clock()
        )

    assert (await house.now(ticket)).status is Status.PREPARED
    assert all("400" not in reply.text for reply in await house.news())


async def test_a_question_ends_without_an_answer_only_with_words_for_the_citizen(
    house: Desk,
) -> None:
    ticket = await house.receives()
    with pytest.raises(IllegalMove, match=r"refused[.]reason_needed"):
        await house.answers(ticket, Answer("  ", ending=Ending.CANNOT))

    await house.answers(ticket, Answer("อบต. ไม่มีข้อมูลนี้", ending=Ending.CANNOT))

    assert (await house.now(ticket)).ending is Ending.CANNOT
    [reply] = await house.news()
    assert "อบต. ไม่มีข้อมูลนี้" in reply.text
    assert reply.text.endswith("เห็นด้วยกับผลนี้ไหม")


async def test_the_preview_asks_what_the_citizen_is_asked(house: Desk) -> None:
    ticket = await house.receives()

    answered = desk.letter(house.agency, ticket, Answer("400 เมตร"), "th")
    cannot = desk.letter(house.agency, ticket, Answer("ไม่มี", ending=Ending.CANNOT), "th")

    assert answered.text.endswith("ได้คำตอบที่ต้องการไหม")
    assert answered.choices[0].label == "ได้คำตอบแล้ว"
    assert cannot.text.endswith("เห็นด้วยกับผลนี้ไหม")
    assert not any("แก้แล้ว" in one.text for one in (answered, cannot))


async def test_a_reply_goes_to_who_asked_and_to_nobody_who_joined(house: Desk) -> None:
    ticket = await house.receives()
    neighbour = Contact(AGENCY, "line", "U" + "8" * 32)
    async with house.database.session() as session:
        session.add(ContactRow.new(neighbour, house.clock()))
        await session.flush()
        await followers.follow(session, ticket, neighbour.id, house.clock())
        session.add(followers.told(neighbour.id, Reply("ข่าวอื่น"), presses=False, now=house.clock()))
    house.clock.move(seconds=-60)  # the reply comes at the very moment of that other news

    await house.answers(ticket, Answer("คุณสมชาย ลู่ไหน", ends=False))

    async with house.database.session() as session:
        told = await followers.take(session, neighbour.id, house.clock())
    assert [one.text for one in told] == ["ข่าวอื่น"]
    [reply] = await house.news()
    assert "ลู่ไหน" in reply.text


async def test_a_question_of_another_body_is_handed_over_with_its_name(house: Desk) -> None:
    ticket = await house.receives()
    async with house.database.session() as session:
        found = await house.load(session, ticket)
        how: dict[str, Any] = {"number": "", "words": "ถามที่เทศบาล", "now": house.clock()}
        with pytest.raises(IllegalMove, match=r"refused[.]body_needed"):
            await desk.hand_over(session, house.agency, found, AGENT, body=" ", **how)
        await desk.hand_over(session, house.agency, found, AGENT, body="เทศบาล", **how)

    assert (await house.now(ticket)).ending is Ending.HANDED_OVER
    [reply] = await house.news()
    assert "เทศบาล" in reply.text


async def test_a_question_is_passed_on_to_a_unit_or_to_a_person_with_a_reason(
    house: Desk,
) -> None:
    ticket = await house.receives(unit=None)
    await house.claims(ticket, AGENT)
    with pytest.raises(IllegalMove, match=r"refused[.]reason_needed"):
        await house.passes_on(ticket, AGENT, unit="sections", reason=" ")
    with pytest.raises(IllegalMove, match=r"desk[.]nobody_chosen"):
        await house.passes_on(ticket, AGENT, to=APPROVER, reason="ให้ช่วยดู")

    await house.passes_on(ticket, AGENT, unit="sections", reason="เป็นงานของกอง")
    moved = await house.now(ticket)
    assert (moved.unit, moved.status, moved.holder) == ("sections", Status.WITH_UNIT, None)

    await house.passes_on(ticket, AGENT, to=REPORTER, reason="รู้เรื่องสนาม")
    assert (await house.now(ticket)).holder == REPORTER.id
    [row] = await house.audited("ticket.passed_on")
    assert '"to":4' in row.details

    await house.answers(ticket, Answer("400 เมตร"), REPORTER)
    assert (await house.now(ticket)).status is Status.CLOSED


async def test_the_desk_shows_the_oldest_first_and_reporters_their_own_units(
    house: Desk,
) -> None:
    first = await house.receives("ข้อแรก", unit=None)
    house.clock.move(seconds=3600)
    second = await house.receives("ข้อสอง")

    async with house.database.session() as session:
        assert [one.id for _, one in await desk_lists.waiting(session, house.agency, AGENT)] == [
            first.id,
            second.id,
        ]
        assert [one.id for _, one in await desk_lists.waiting(session, house.agency, REPORTER)] == [
            second.id
        ]
        assert await desk.question_of(session, house.agency, REPORTER, first.number) is None
        stranger = Officer(9, "elsewhere", "คนอื่น", (Post(Role.AGENT),))
        assert await desk_lists.waiting(session, house.agency, stranger) == []


@pytest.mark.parametrize("number", ["", "\0", "70-00001-0", "x" * 300, "%00", "' OR 1=1 --"])
async def test_what_is_no_number_of_a_question_finds_none(house: Desk, number: str) -> None:
    await house.receives()

    async with house.database.session() as session:
        assert await desk.question_of(session, house.agency, AGENT, number) is None


async def test_who_proposes_cannot_approve(house: Desk) -> None:
    both = officer(8, Role.APPROVER, Role.REPORTER)
    number = await house.proposes(Wish(What.ENTRY, ENTRY), both)

    with pytest.raises(NotKept, match="Who proposes cannot approve"):
        await house.approves(number, both)

    assert await house.library.refresh() == []
    await house.approves(number, APPROVER)
    with pytest.raises(NotKept, match="has decided already"):
        await house.approves(number, APPROVER)


async def test_two_approvers_at_once_put_it_in_once(house: Desk) -> None:
    number = await house.proposes(Wish(What.ENTRY, ENTRY))

    found = await asyncio.gather(
        house.approves(number, APPROVER),
        house.approves(number, officer(5, Role.APPROVER)),
        return_exceptions=True,
    )

    assert sorted(type(one).__name__ for one in found) == ["NoneType", "NotKept"]
    assert len(await house.audited("proposal.approved")) == 1


async def test_another_phrasing_is_added_to_the_entry_as_it_is_by_then(house: Desk) -> None:
    entry = next(one for key, one in house.agency.entries.items() if key in house.agency.own)
    words = "อยากฟังเรื่องเก่าของหมู่บ้านเรา"
    wish = Wish(What.PHRASING, {"id": entry.id, "phrasings": [words], "phrasings_en": []})

    first = await house.proposes(wish)
    other = {"id": entry.id, "phrasings": ["เล่าความหลังของตำบล"], "phrasings_en": []}
    await house.approves(await house.proposes(Wish(What.PHRASING, other)), APPROVER)
    await house.approves(first, APPROVER)
    await house.library.refresh()

    after = house.agency.entries[entry.id]
    assert after.phrasings == [*entry.phrasings, "เล่าความหลังของตำบล", words]
    found = house.registry.served[AGENCY].matcher.match(words)
    assert (found.decision, found.ranked[0][0]) == (Decision.ANSWER, entry.id)
    with pytest.raises(NotKept, match="there already"):
        await house.proposes(wish)


async def test_who_writes_no_phrasing_is_told_so(house: Desk) -> None:
    key = next(key for key in house.agency.entries if key in house.agency.own)

    with pytest.raises(NotKept, match="Write at least one phrasing"):
        await house.proposes(Wish(What.PHRASING, {"id": key, "phrasings": [], "phrasings_en": []}))


async def test_what_the_importer_would_refuse_is_refused_with_every_reason(house: Desk) -> None:
    bare = {**ENTRY, "phrasings": [ASKED], "source": {"title": "ป้าย"}, "unit": "nowhere"}

    with pytest.raises(NotKept) as told:
        await house.proposes(Wish(What.ENTRY, bare))

    said = str(told.value)
    assert "has fewer than 4" in said
    entry = next(one for key, one in house.agency.entries.items() if key in house.agency.own)
    same = {**ENTRY, "question": {"th": entry.question.th, "en": "The same?"}}
    with pytest.raises(NotKept, match="asks the same"):
        await house.proposes(Wish(What.ENTRY, same))
    for lacking in ({**ENTRY, "unit": "nowhere"}, {**ENTRY, "source": {"title": "ป้าย"}}):
        with pytest.raises(NotKept):
            await house.proposes(Wish(What.ENTRY, lacking))


async def test_the_checks_tell_of_words_that_another_entry_has(house: Desk) -> None:
    other = next(one for key, one in house.agency.entries.items() if key in house.agency.own)
    same = {**ENTRY, "question": {"th": ASKED, "en": other.question.en}}
    served = house.registry.served[AGENCY]
    async with house.database.session() as session:
        now, sure = await proposals.known(session, AGENCY)
    found = [
        proposals.guarded(
            house.agency,
            served.matcher,
            proposals.changes_of(
                house.agency, Wish(What.ENTRY, content), now, house.clock().date()
            ),
            now,
            sure,
        )
        for content in (ENTRY, same)
    ]

    assert [one for one in found[0].problems if one.blocks] == []
    assert found[0].asked > 0
    assert any(one.blocks and other.id in one.entries for one in found[1].problems)


async def test_a_returned_proposal_says_why_and_changes_nothing(house: Desk) -> None:
    number = await house.proposes(Wish(What.ENTRY, ENTRY))
    async with house.database.session() as session:
        found = await proposals.proposal_of(session, AGENCY, number)
        assert found is not None
        with pytest.raises(NotKept):
            await proposals.give_back(session, found, APPROVER, " ", house.clock())
        await proposals.give_back(session, found, APPROVER, "ขอที่มาชัดกว่านี้", house.clock())

    async with house.database.session() as session:
        [found] = await proposals.listed(session, AGENCY)
        assert (found.state, found.reason) == (State.RETURNED, "ขอที่มาชัดกว่านี้")
        assert await proposals.proposal_of(session, "elsewhere", number) is None
    with pytest.raises(NotKept, match="has decided already"):
        await house.approves(number, APPROVER)
    assert await house.library.refresh() == []


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"reply": {"text": "400 เมตร"}}, "400 เมตร"),
        ({"messages": [{"type": "flex", "altText": "ก"}, {"type": "text", "text": "ข"}]}, "ก\n\nข"),
        ({"method": "send_message", "params": {"text": "<b>ที่มา</b> A &amp; B"}}, "ที่มา A & B"),
        ({"method": "answer_callback_query", "params": {"callback_query_id": "1"}}, ""),
    ],
)
def test_what_was_sent_is_read_from_the_requests_of_every_channel(
    payload: dict[str, object], said: str
) -> None:
    assert conversation.words_of(payload) == said
