"""Files that staff send with their words: who gets them, how, and what opens a link."""

import re
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from admin import attachments, desk, dossiers, enclosures, fetches, followers, logbook, signing
from admin.attachments import Attachment, Status
from admin.audit import AuditRow
from admin.desk import Answer
from admin.enclosures import VALID_FOR, Links
from admin.handling import Deed, perform
from admin.moves import Ending, Move
from admin.officers import Officer
from admin.pictures import fit
from admin.signing import Proposal
from admin.tickets import Ticket
from bot.channels import line_messages, telegram_messages
from bot.clock import BANGKOK
from bot.files import FileStore
from bot.messages import Contact, InboundMessage, Reply
from bot.messages import Kind as Said
from handlers import mine
from handlers.conversation import State, Turn
from knowledge.chains import Kind, Step
from tests.tickets.conftest import (
    AGENT,
    APPROVER,
    PHONE,
    REPORTER,
    SLUG,
    UNIT,
    Office,
    contact_row,
)

ADDRESS = "https://thamdai.example"
LINKS = Links(b"k" * 32, ADDRESS)
BARE = Links(b"k" * 32, "")
TODAY = date(2026, 11, 23)
_URL = re.compile(r"(?:https://[\w.]+)?/\w+/files/[0-9a-f-]+(?:\?\w+=1)?")


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path)


async def file(office: Office, store: FileStore, name: str = "แบบคำร้อง.pdf") -> Attachment:
    """A paper that staff have added to a form."""
    content = fit(b"%PDF-1.4\n" + name.encode() + b"\n%%EOF", name)
    await store.put(content.content)
    return await fetches.add(
        office.session,
        store,
        content,
        account=f"{SLUG}/staff",
        kind="file",
        name=name,
        now=office.now,
    )


async def does(
    office: Office,
    ticket: Ticket,
    move: Move,
    who: Officer = AGENT,
    *files: Attachment,
    links: Links = LINKS,
    **deed: object,
) -> None:
    """One move with files."""
    office.now += timedelta(hours=1)
    await office.session.refresh(ticket)
    numbers = tuple(one.id for one in files)
    await perform(
        office.session,
        office.agency,
        ticket,
        Deed(move, attachments=numbers, **deed),  # type: ignore[arg-type]
        who,
        now=office.now,
        links=links,
    )


async def told(office: Office, contact: Contact | None = None) -> list[Reply]:
    who = contact or office.contact
    return await followers.take(office.session, who.id, office.now)


async def joins(office: Office, ticket: Ticket) -> Contact:
    """Somebody else who has the same matter."""
    neighbour = Contact(SLUG, "line", "U" + "1" * 32)
    office.session.add(contact_row(neighbour))
    await office.session.flush()
    await followers.follow(office.session, ticket, neighbour.id, office.now)
    return neighbour


def test_a_link_opens_its_own_file_until_its_last_day_is_over() -> None:
    token = LINKS.token(SLUG, 42, TODAY + VALID_FOR)

    assert LINKS.read(SLUG, token, TODAY) == 42
    assert LINKS.read(SLUG, token, TODAY + VALID_FOR) == 42
    assert LINKS.read(SLUG, token, TODAY + VALID_FOR + timedelta(days=1)) is None


@pytest.mark.parametrize(
    "changed",
    [
        "2b-{day}-{mac}",
        "2a-{day}-{cut}g",
        "2a-{day}-{cut}",
        "2a-{day}-{mac}0",
        "2A-{day}-{mac}",
        "2a-fffff-{mac}",
        "ffffffffffffffff-ffffff-ffffffffffffffffffffffffffffffff",
        "",
        "2a-{day}-{mac}\n",
    ],
)
def test_a_link_that_was_changed_opens_nothing(changed: str) -> None:
    token = LINKS.token(SLUG, 42, TODAY)
    _, day, mac = token.split("-")
    made = changed.format(day=day, mac=mac, cut=mac[:-1])

    assert LINKS.read(SLUG, token, TODAY) == 42
    assert LINKS.read(SLUG, made, TODAY) is None


def test_a_link_opens_nothing_of_another_agency_or_installation() -> None:
    token = LINKS.token(SLUG, 42, TODAY)

    assert LINKS.read("elsewhere", token, TODAY) is None
    assert Links(b"j" * 32, ADDRESS).read(SLUG, token, TODAY) is None
    assert "kkk" not in repr(LINKS)


@pytest.mark.parametrize("move", [Move.ASK, Move.REPLY])
async def test_words_to_a_citizen_on_line_end_with_a_link_for_each_file(
    office: Office, store: FileStore, move: Move
) -> None:
    ticket = await office.receives()
    both = [await file(office, store), await file(office, store, "แผนที่.pdf")]

    await does(office, ticket, move, AGENT, *both, reason="กรอกแบบนี้")

    [reply] = await told(office)
    assert reply.text.index("กรอกแบบนี้") < reply.text.index("ไฟล์ที่ส่งมาด้วย เปิดได้ถึง 21 ก.พ. 2570")
    assert "• แบบคำร้อง.pdf\nhttps://" in reply.text
    urls = _URL.findall(reply.text)
    assert all(url.endswith("?openExternalBrowser=1") for url in urls)
    tokens = [url.rpartition("/")[2].partition("?")[0] for url in urls]
    assert [LINKS.read(SLUG, one, TODAY) for one in tokens] == [one.id for one in both]


async def test_telegram_gets_the_files_themselves_and_the_web_a_path(
    office: Office, store: FileStore
) -> None:
    paper = await file(office, store)
    for channel in ("telegram", "web"):
        office.contact = Contact(SLUG, channel, "9")
        office.session.add(contact_row(office.contact))
        ticket = await office.receives()

        await does(office, ticket, Move.REPLY, AGENT, paper, links=BARE, reason="ตามนี้")

        [reply] = await told(office)
        if channel == "telegram":
            calls = telegram_messages.calls([reply], None)
            params = {"digest": paper.sha256, "name": "แบบคำร้อง.pdf"}
            assert calls[1] == {"method": "send_document", "params": params}
            assert "files" not in str(calls[0])
        else:
            assert re.search(rf"\n/{SLUG}/files/[0-9a-f-]+$", reply.text)


async def test_what_goes_with_words_belongs_to_their_line_and_to_the_ticket(
    office: Office, store: FileStore
) -> None:
    ticket = await office.receives()
    paper = await file(office, store)

    await does(office, ticket, Move.REPLY, AGENT, paper, reason="ตามนี้")

    line = (await logbook.lines(office.session, ticket))[-1]
    story = await dossiers.dossier(office.session, ticket)
    assert (line.what, line.attachments) == (Move.REPLY, [paper.id])
    assert story.conversation[-1].attachments == (paper.id,)
    assert paper.id in await dossiers.files_of(office.session, ticket)
    await office.session.refresh(paper)
    assert paper.held
    row = await office.session.scalar(select(AuditRow).where(AuditRow.what == "ticket.reply"))
    assert row is not None
    assert f'"files":[{paper.id}]' in row.details


async def test_a_reply_with_files_is_for_who_brought_it_alone(
    office: Office, store: FileStore
) -> None:
    ticket = await office.receives()
    neighbour = await joins(office, ticket)

    await does(office, ticket, Move.REPLY, AGENT, await file(office, store), reason="ของคุณ")

    assert await told(office, neighbour) == []
    assert "แบบคำร้อง.pdf" not in await history(office, ticket, neighbour)
    assert "แบบคำร้อง.pdf" in await history(office, ticket, office.contact)


async def answers(
    office: Office, ticket: Ticket, *files: Attachment, entry: object = None, words: str = "ตามนี้"
) -> bool:
    given = Answer(words, entry, files=tuple(one.id for one in files))  # type: ignore[arg-type]
    await office.session.refresh(ticket)
    return await desk.answer(
        office.session, office.agency, ticket, given, officer=REPORTER, now=office.now, links=LINKS
    )


async def test_an_answer_is_signed_with_its_files_and_all_who_wait_get_them(
    office: Office, store: FileStore
) -> None:
    ticket = await office.receives(Kind.QUESTION, item=None, unit=UNIT)
    await does(office, ticket, Move.TRIAGE, unit=UNIT)
    neighbour = await joins(office, ticket)
    paper = await file(office, store)
    await told(office)

    assert await answers(office, ticket, paper)

    draft = await signing.latest_draft(office.session, ticket)
    assert draft is not None
    assert draft.content.files == ((paper.id, paper.sha256),)
    for contact in (office.contact, neighbour):
        [reply] = await told(office, contact)
        assert reply.text.index("ตามนี้") < reply.text.index(ADDRESS) < reply.text.index("ได้คำตอบ")
        assert "แบบคำร้อง.pdf" in await history(office, ticket, contact)


async def test_an_answer_that_waits_for_an_approver_takes_its_files_along_then(
    office: Office, store: FileStore
) -> None:
    chain = office.agency.chains[Kind.QUESTION]
    longer = chain.model_copy(update={"steps": (Step.PREPARE, Step.APPROVE)})
    chains = {**office.agency.chains, Kind.QUESTION: longer}
    office.agency = office.agency.model_copy(update={"chains": chains})
    ticket = await office.receives(Kind.QUESTION, item=None, unit=UNIT)
    await does(office, ticket, Move.TRIAGE, unit=UNIT)

    assert not await answers(office, ticket, await file(office, store))
    await does(office, ticket, Move.APPROVE, APPROVER)
    assert all(ADDRESS not in reply.text for reply in await told(office))
    await does(office, ticket, Move.CLOSE, APPROVER)

    [reply] = await told(office)
    assert f"แบบคำร้อง.pdf\n{ADDRESS}/{SLUG}/files/" in reply.text


async def test_evidence_under_a_draft_is_for_staff_and_goes_to_nobody(
    office: Office, store: FileStore
) -> None:
    ticket = await office.receives(Kind.COMPLAINT, item=None)
    await does(office, ticket, Move.TRIAGE, unit=UNIT)
    paper = await file(office, store)
    under = ((paper.id, paper.sha256 or ""),)
    await office.drafts(ticket, Proposal(Ending.ANSWERED, "ทำแล้ว", files=under))
    for move, who in ((Move.PREPARE, REPORTER), (Move.APPROVE, APPROVER), (Move.CLOSE, APPROVER)):
        await does(office, ticket, move, who)

    replies = await told(office)

    assert "ทำแล้ว" in replies[-1].text
    assert all(not reply.files and "แบบคำร้อง" not in reply.text for reply in replies)
    assert "แบบคำร้อง" not in await history(office, ticket, office.contact)


def test_drafts_from_before_there_were_enclosures_keep_their_signatures() -> None:
    told_then = {
        "after": PHONE.after,
        "agency": SLUG,
        "before": PHONE.before,
        "ending": PHONE.ending,
        "files": [],
        "reason": PHONE.reason,
        "ticket": "70-00001-0",
        "url": PHONE.url,
        "version": 1,
    }
    digest = sha256(msgspec.json.encode(told_then)).hexdigest()

    assert signing.digest_of("70-00001-0", SLUG, 1, PHONE) == digest
    enclosed = msgspec.structs.replace(PHONE, files=((7, "0" * 64),))
    both = [enclosed, msgspec.structs.replace(enclosed, enclosed=(7,))]
    assert len({signing.digest_of("70-00001-0", SLUG, 1, one) for one in both}) == 2


async def test_an_answer_of_an_entry_with_files_is_plain_on_line_where_links_open(
    office: Office, store: FileStore
) -> None:
    entry = next(iter(office.agency.entries.values()))
    messages = {}
    for name, files in (("bubble", []), ("text", [await file(office, store)])):
        ticket = await office.receives(Kind.QUESTION, item=None, unit=UNIT)
        await does(office, ticket, Move.TRIAGE, unit=UNIT)
        await told(office)
        await answers(office, ticket, *files, entry=entry, words=entry.answer.th)
        [reply] = await told(office)
        messages[name] = line_messages.requests([reply])[0][0]

    assert messages["bubble"]["type"] == "flex"
    assert messages["text"]["type"] == "text"
    for words in (ADDRESS, entry.source.title):
        assert words in str(messages["text"]["text"])


async def test_without_an_address_line_gets_names_alone_and_staff_are_told_so(
    office: Office, store: FileStore
) -> None:
    ticket = await office.receives()
    assert await enclosures.reaches(office.session, ticket, LINKS)
    assert not await enclosures.reaches(office.session, ticket, BARE)

    paper = await file(office, store)
    await does(office, ticket, Move.REPLY, AGENT, paper, links=BARE, reason="ตามนี้")

    [reply] = await told(office)
    assert reply.text.endswith("ไฟล์ที่ส่งมาด้วย ขอรับได้ที่หน่วยงาน\n• แบบคำร้อง.pdf")
    ticket.contact_id = None
    assert await enclosures.reaches(office.session, ticket, BARE)


async def test_a_file_that_is_forgotten_is_neither_told_nor_listed(
    office: Office, store: FileStore
) -> None:
    ticket = await office.receives()
    gone, paper = await file(office, store, "เลิกใช้.pdf"), await file(office, store)
    await does(office, ticket, Move.REPLY, AGENT, gone, paper, reason="ตามนี้")
    await attachments.let_go(office.session, [gone.id])

    listed = await history(office, ticket, office.contact)

    assert "เลิกใช้" not in listed
    assert len(_URL.findall(listed)) == 1
    await office.session.refresh(gone)
    assert gone.status == Status.FORGOTTEN


async def history(office: Office, ticket: Ticket, contact: Contact) -> str:
    """The matter's page in the chat, a month later."""
    message = InboundMessage(contact, "e1", Said.TEXT, order=1, text=ticket.number)
    turn = Turn(
        message=message,
        agency=office.agency,
        state=State(),
        language="th",
        today=office.now.astimezone(BANGKOK).date() + timedelta(days=30),
        session=office.session,
        links=LINKS,
    )
    [reply] = (await mine.shown(turn, ticket)).replies
    return reply.text


async def test_the_history_gives_new_links_each_time_it_is_looked_at(
    office: Office, store: FileStore
) -> None:
    ticket = await office.receives()
    paper = await file(office, store)
    await does(office, ticket, Move.REPLY, AGENT, paper, reason="ตามนี้")

    listed = await history(office, ticket, office.contact)

    assert "ตามนี้\nไฟล์: แบบคำร้อง.pdf\nhttps://" in listed
    [url] = _URL.findall(listed)
    token = url.rpartition("/")[2].partition("?")[0]
    later = TODAY + timedelta(days=30) + VALID_FOR
    assert LINKS.read(SLUG, token, later) == paper.id
