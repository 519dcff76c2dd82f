"""What the operator's guide says of requests about personal data, done as it is written there."""

import re

from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncSession

from admin import attachments
from admin.attachments import Attachment, Status
from admin.logbook import Line, LogLine
from admin.moves import Move
from admin.opening import Details
from admin.questions import Question
from admin.tickets import Privacy
from bot import outbox
from bot.settings import ROOT
from bot.tables import EventRow, OutgoingRow
from tests.tickets.conftest import AGENT, SLUG, Office

WORDS, NAME, PHONE = "ถนนหน้าบ้านแดงพัง", "สมหญิง ใจดี", "081-234-5678"
GUIDE = (ROOT / "docs" / "operator.md").read_text("utf-8")


def statements(number: str) -> list[list[str]]:
    """Those of the guide, block by block, about this matter."""
    section = GUIDE.partition("## Requests about personal data")[2].partition("\n## ")[0]
    blocks = re.findall(r"```sql\n(.*?)```", section, re.DOTALL)
    filled = (block.replace("SLUG", SLUG).replace("NUMBER", number) for block in blocks)
    return [[one for one in block.split(";") if one.strip()] for block in filled]


async def written(session: AsyncSession) -> str:
    """Every value of every table but the audit log, whose rows have no words."""
    connection = await session.connection()
    tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    rows = [
        tuple(row)
        for table in tables
        for row in await session.execute(text(f'SELECT * FROM "{table}"'))  # noqa: S608 - ours
    ]
    return str(rows)


async def told_everything(office: Office) -> str:
    """A matter with all that a citizen can leave behind; its number."""
    ticket = await office.receives(
        what=WORDS,
        right=WORDS,
        url=f"https://example.go.th/?of={PHONE}",
        privacy=Privacy.NAMED,
        place={"latitude": 12.5, "longitude": 102.1, "title": WORDS},
        said=({"part": "what", "message": "m1", "text": WORDS},),
        person=Details(name=NAME, phone=PHONE),
    )
    session, now, contact = office.session, office.now, office.contact
    said = {
        "contact": {"agency": SLUG, "channel": "line", "address": contact.address},
        "event_id": "e1", "kind": "text", "order": 1, "text": WORDS, "message_id": "m1",
    }  # fmt: skip
    kept = {"contact_id": contact.id, "agency": SLUG}
    session.add_all(
        [
            EventRow(
                **kept, channel="line", event_id="e1", order_key=1, received_at=now, due_at=now,
                payload=said,
            ),
            *(OutgoingRow(**row) for row in outbox.requests(contact, [{"text": WORDS}], now=now)),
            Question(**kept, asked_at=now, decision="refuse", text=WORDS),
            Attachment(
                **kept, account=f"{SLUG}/line", platform_id="p1", kind="image", name=WORDS,
                status=Status.KEPT, sha256="0" * 64, held=True, received_at=now,
            ),
            LogLine(
                ticket_id=ticket.id, at=now, what=Line.ADDED, public=True, contact_id=contact.id,
                text=WORDS,
            ),
        ]
    )  # fmt: skip
    await session.flush()
    await office.does(ticket, Move.TRIAGE, AGENT)
    return ticket.number


async def test_the_statements_find_and_erase_everything_of_a_person(office: Office) -> None:
    number = await told_everything(office)
    who, held, erasing = statements(number)
    session = office.session
    for one in who:
        await session.execute(text(one))
    found = [(await session.execute(text(one))).all() for one in held]

    personal = (WORDS, NAME, PHONE, office.contact.address)
    assert [words for words in personal if words in str(found)] == [*personal]

    for one in erasing:
        await session.execute(text(one))
    left = await written(session)

    assert [words for words in personal if words in left] == []
    session.expire_all()
    [file] = await attachments.of(session, [1])
    assert (file.status, file.held, file.due_at) == (Status.FORGOTTEN, False, file.received_at)
