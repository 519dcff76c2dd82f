"""A request about personal data (PDPA, sections 30 and 33), met with the command of the guide."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import inspect, select, text, update

from admin import adding, attachments, joining, logbook
from admin.attachments import Attachment, Status
from admin.audit import AuditRow
from admin.holdings import OF_CONTACT
from admin.logbook import Line, LogLine
from admin.moves import Move
from admin.opening import Details, Matter, open_ticket
from admin.persons import Person
from admin.questions import Question
from admin.tickets import Privacy, Source, Ticket
from bot import clock, outbox
from bot.db import Base, Database
from bot.messages import Contact
from bot.settings import Settings
from bot.tables import ContactRow, EventRow, OutgoingRow
from bot.timetable import timetable
from knowledge.agency import Agency
from knowledge.chains import Kind
from knowledge.registry import Registry
from tests.commands import Done, told
from tests.tickets.conftest import AGENT, MORNING, SLUG, Office, contact_row

WORDS, NAME, PHONE = "ถนนหน้าบ้านแดงพัง", "สมหญิง ใจดี", "081-234-5678"
CITIZEN = Contact(SLUG, "line", "U" + "0" * 32)
ADDED = "ท่อหน้าบ้านฉันก็แตก"
"""What the citizen wrote in somebody else's matter, which theirs was joined to."""
PERSONAL = (WORDS, NAME, PHONE, ADDED, CITIZEN.address)
OTHER = Contact(SLUG, "line", "U" + "1" * 32)
OTHERS = "ผู้อื่นถามเรื่องถนน"
STAFFS = "เป็นของผู้อื่น"
ASIDE = {"attachments", "tickets", "staff_chats", "staff_chat_tries"}
"""Tables with a contact that have a rule of their own, or are about staff."""

Contacts = Callable[..., Awaitable[Done]]


@pytest.fixture
def contacts(database_url: str, tmp_path: Path) -> Contacts:
    """Runs `thamdai contacts ...`, in a thread of its own."""

    async def run(what: str, *arguments: str, agency: str = SLUG) -> Done:
        return await asyncio.to_thread(
            told,
            *("contacts", what, "--agency", agency, *arguments),
            DATABASE_URL=database_url,
            DATA_DIR=tmp_path,
        )

    return run


@pytest.fixture
async def matter(database: Database, agency: Agency) -> Ticket:
    """A settled matter with all that a citizen can leave behind; somebody else wrote, too."""
    async with database.session() as session:
        session.add_all([contact_row(OTHER), contact_row(CITIZEN)])
        await session.flush()
        session.add(said(OTHER, "e0", OTHERS))
        return await told_everything(Office(session, agency, CITIZEN))


def said(contact: Contact, event: str, words: str) -> EventRow:
    """A message as it is kept."""
    payload = {
        "contact": {"agency": SLUG, "channel": "line", "address": contact.address},
        "event_id": event, "kind": "text", "order": 1, "text": words, "message_id": "m1",
    }  # fmt: skip
    return EventRow(
        contact_id=contact.id, agency=SLUG, channel="line", event_id=event, order_key=1,
        received_at=MORNING, due_at=MORNING, payload=payload,
    )  # fmt: skip


async def told_everything(office: Office) -> Ticket:
    """A matter with all that a citizen can leave behind."""
    ticket = await office.receives(
        Kind.COMPLAINT,
        item=None,
        what=WORDS,
        right=WORDS,
        url=f"https://example.go.th/?of={PHONE}",
        privacy=Privacy.NAMED,
        place={"latitude": 12.5, "longitude": 102.1, "title": WORDS},
        said=({"part": "what", "message": "m1", "text": WORDS},),
        person=Details(name=NAME, phone=PHONE),
    )
    session, now, contact = office.session, office.now, office.contact
    kept = {"contact_id": contact.id, "agency": SLUG}
    session.add_all(
        [
            said(contact, "e1", WORDS),
            *(OutgoingRow(**row) for row in outbox.requests(contact, [{"text": WORDS}], now=now)),
            Question(**kept, asked_at=now, decision="refuse", text=WORDS),
            Attachment(
                **kept, account=f"{SLUG}/line", platform_id="p1", kind="image", name=WORDS,
                status=Status.KEPT, sha256="0" * 64, held=True, received_at=now,
            ),
            LogLine(
                ticket_id=ticket.id, at=now, what=Line.ADDED, public=True, contact_id=contact.id,
                text=WORDS, attachments=[1],
            ),
            LogLine(
                ticket_id=ticket.id, at=now, what=Line.ADDED, public=True, contact_id=contact.id,
                message_id="m0", text=WORDS,
            ),
        ]
    )  # fmt: skip
    await session.flush()
    await logbook.forget(session, contact.id, "m0", now=now)
    other = await office.receives(what=OTHERS)
    other.contact_id = None
    await joining.follow(session, ticket, other, actor="system", now=now)
    await adding.add(session, other, contact, message_id="m2", text=ADDED, now=now)
    await joining.part(session, ticket, other, actor="system", now=now)
    await office.does(ticket, Move.HAND_OVER, AGENT, reason=STAFFS, handed_to="แขวงทางหลวง")
    return ticket


async def written(database: Database) -> str:
    """Every value of every table but the audit log, whose rows have no words."""
    async with database.read() as connection:
        tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        rows = [
            tuple(row)
            for table in tables
            for row in await connection.execute(text(f'SELECT * FROM "{table}"'))  # noqa: S608 - ours
        ]
    return str(rows)


async def noted(database: Database) -> tuple[str, str]:
    """The last row of the audit log: what was done, and to what."""
    async with database.session() as session:
        last = (await session.scalars(select(AuditRow).order_by(AuditRow.id.desc()).limit(1))).one()
    assert (last.agency, last.actor, last.subject) == (SLUG, "system", f"agency:{SLUG}")
    return last.what, last.details


@pytest.mark.parametrize("whose", ["--number", "--words"])
async def test_everything_of_a_person_is_shown_and_erased(
    contacts: Contacts, matter: Ticket, database: Database, tmp_path: Path, whose: str
) -> None:
    who, file = (whose, matter.number if whose == "--number" else WORDS[4:]), tmp_path / "held.json"
    done = await contacts("show", *who, "--out", str(file))
    found = file.read_text("utf-8")

    assert done.returncode == 0, done.stderr
    assert [words for words in (*PERSONAL, STAFFS) if words not in found] == []
    assert file.stat().st_mode & 0o077 == 0
    assert OTHERS not in found
    assert OTHER.address not in found
    assert len(json.loads(found)["ticket_persons"]) == 1
    assert await noted(database) == ("person.shown", f'{{"tickets":[{matter.id}]}}')

    before = await written(database)
    looked = await contacts("erase", *who)
    assert (looked.returncode, "--yes" in looked.stderr) == (1, True)
    assert await written(database) == before

    done = await contacts("erase", *who, "--yes")
    left = await written(database)

    assert done.returncode == 0, done.stderr
    assert [words for words in PERSONAL if words in left] == []
    assert CITIZEN.id.hex not in left.replace("-", "")  # anybody can make it of a guessed address
    assert [
        words for words in (OTHERS, OTHER.address, STAFFS, matter.number) if words not in left
    ] == []
    assert not [words for words in PERSONAL if words in done.stdout + done.stderr]
    assert await noted(database) == ("person.erased", f'{{"tickets":[{matter.id}]}}')
    async with database.session() as session:
        [one] = await attachments.of(session, [1])
        lines = (await session.scalars(select(LogLine.text).order_by(LogLine.id))).all()
    assert [line for line in lines if line] == [STAFFS]
    assert (one.status, one.held, one.due_at) == (Status.FORGOTTEN, False, one.received_at)


async def test_a_contact_that_goes_by_age_is_named_no_more_in_the_history_that_stays(
    matter: Ticket, database: Database, tmp_path: Path
) -> None:
    now, long_ago = clock.now(), clock.now() - timedelta(days=400)
    async with database.session() as session:
        await session.execute(update(EventRow).values(done_at=now))
        await session.execute(update(OutgoingRow).values(done_at=now))
        await session.execute(update(Ticket).values(closed_at=long_ago))
        person = update(ContactRow).where(ContactRow.id == CITIZEN.id)
        await session.execute(person.values(seen_at=long_ago))
        before = (await session.scalars(select(LogLine.text).order_by(LogLine.id))).all()
    jobs = timetable(database, Registry(tmp_path, tmp_path), Settings(data_dir=tmp_path), {})
    await next(job for job in jobs if job.name == "forget").work(now)

    assert CITIZEN.id.hex not in (await written(database)).replace("-", "")
    async with database.session() as session:
        assert (await session.scalars(select(ContactRow.id))).all() == [OTHER.id]
        lines = (await session.scalars(select(LogLine).order_by(LogLine.id))).all()
    assert [line.text for line in lines] == before, "the matter and its words stay"
    assert all(line.contact_id for line in lines if line.what == Line.ADDED)


async def test_what_is_kept_as_a_record_stays_whole_and_the_chat_goes(
    contacts: Contacts, matter: Ticket, database: Database
) -> None:
    done = await contacts("erase", "--words", WORDS, "--keep", matter.number, "--yes")

    assert done.returncode == 0, done.stderr
    async with database.session() as session:
        there = await session.get_one(Ticket, matter.id)
        [file] = await attachments.of(session, [1])
        people = (await session.scalars(select(ContactRow.id))).all()
        person = await session.get_one(Person, matter.id)
    assert (there.what, there.contact_id, person.name, file.status) == (WORDS, None, NAME, "kept")
    assert people == [OTHER.id]


async def test_a_matter_over_the_counter_is_nobodys_chat(
    contacts: Contacts, matter: Ticket, database: Database, agency: Agency, tmp_path: Path
) -> None:
    async with database.session() as session:
        session.add(
            OutgoingRow(
                key=uuid4(), account=f"{SLUG}/line", address="", payload={"text": OTHERS},
                received_at=MORNING, due_at=MORNING,
            )
        )  # fmt: skip
        brought = Matter(Kind.COMPLAINT, Source.COUNTER, what="มาที่เคาน์เตอร์")
        ticket = await open_ticket(session, agency, brought, now=MORNING, contact=None)
    file = tmp_path / "held.json"
    await contacts("show", "--number", ticket.number, "--out", str(file))
    found = json.loads(file.read_text("utf-8"))
    done = await contacts("erase", "--number", ticket.number, "--yes")

    assert {name for name, rows in found.items() if rows} == {"tickets", "ticket_log"}
    assert (done.returncode, f"still open: {ticket.number}" in done.stderr) == (1, True)


async def test_words_are_found_whatever_their_case(
    contacts: Contacts, matter: Ticket, database: Database, tmp_path: Path
) -> None:
    async with database.session() as session:
        session.add(said(OTHER, "e9", "เขียนถึง Somsri_A@Example.org"))
    file = tmp_path / "held.json"
    done = await contacts("show", "--words", "somsri_a@EXAMPLE", "--out", str(file))

    assert done.returncode == 0, done.stderr
    assert OTHER.address in file.read_text("utf-8")


async def test_who_is_not_known_for_certain_is_not_touched(
    contacts: Contacts, matter: Ticket, database: Database, tmp_path: Path
) -> None:
    before = await written(database)
    several = await contacts("erase", "--words", "ถนน", "--yes")
    nobody = await contacts("erase", "--words", "ถ%พัง", "--yes")
    elsewhere = await contacts("erase", "--number", matter.number, "--yes", agency="buriram")
    unheard = await contacts("erase", "--words", WORDS, "--yes", agency="buriram")
    mistyped = await contacts("erase", "--number", matter.number, "--yes", agency="nowhere")
    kept = await contacts("erase", "--number", matter.number, "--keep", "69-9", "--yes")
    (there := tmp_path / "there.json").write_text("mine", "utf-8")
    over = await contacts("show", "--number", matter.number, "--out", str(there))

    codes = [one.returncode for one in (several, nobody, elsewhere, unheard, mistyped, kept, over)]
    assert codes == [1] * 7
    assert "2 chats" in several.stderr
    assert "nothing is held" in nobody.stderr
    assert "nothing is held" in elsewhere.stderr
    assert "no agency nowhere" in mistyped.stderr
    assert "not of that person: 69-9" in kept.stderr
    assert there.read_text("utf-8") == "mine"
    assert await written(database) == before


def test_every_table_that_knows_a_contact_is_shown() -> None:
    to_contacts = {
        table.name
        for table in Base.metadata.tables.values()
        if any(key.column.table.name in {"contacts", "subscribers"} for key in table.foreign_keys)
    }

    assert to_contacts - {kind.__tablename__ for kind in OF_CONTACT} == ASIDE
