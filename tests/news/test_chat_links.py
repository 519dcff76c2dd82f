"""A member of staff's own chat is linked by a code that works once, for a short while."""

import pytest
from sqlalchemy import func, select

from admin import chat_links
from admin.audit import AuditRow
from admin.chat_links import LIFE, TRIES, ChatCode, Linking, StaffChat, code_in, is_command
from admin.officers import Role
from bot.messages import Contact
from tests.news.office import Office


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("/link KMPT-7XQ9", "KMPT7XQ9"),
        ("/LINK kmpt7xq9", "KMPT7XQ9"),
        ("/link@thamdai_bot KMPT 7XQ9", "KMPT7XQ9"),
        (" kmpt-7xq9 ", "KMPT7XQ9"),
        ("KMPT7XQ9", None),
        ("road work", None),
        ("DOCUMENT", None),
        ("/link", None),
        ("/link what", None),
        ("69-00042-3", None),
    ],
)
def test_a_code_is_known_by_its_looks(text: str, code: str | None) -> None:
    assert code_in(text) == code


def test_the_bare_command_is_a_command() -> None:
    assert is_command("/link")
    assert not is_command("/linking")


async def sends(office: Office, contact: Contact, code: str) -> Linking:
    """A chat sends a code; what became of it."""
    async with office.database.session() as session:
        end, _ = await chat_links.link(session, contact, code, office.now)
    return end


async def test_a_code_links_once_and_is_nowhere_to_be_read(office: Office) -> None:
    head = await office.hires("head", Role.EXECUTIVE)
    chat, thief = await office.knows("mine"), await office.knows("theirs")
    async with office.database.session() as session:
        code = await chat_links.new_code(session, head, office.agency.slug, office.now)
        [kept] = (await session.scalars(select(ChatCode))).all()
    assert code_in(code)
    assert code.replace("-", "") not in kept.digest

    ends = [await sends(office, chat, code), await sends(office, thief, code)]

    assert ends == [Linking.LINKED, Linking.WRONG]
    async with office.database.session() as session:
        who = await chat_links.officer_of(session, chat.id, office.agency.slug, office.now)
        log = (await session.scalars(select(AuditRow).order_by(AuditRow.seq))).all()
    assert who
    assert who.id == head.id
    assert [(r.what, r.subject) for r in log] == [("chat.linked", f"staff:{head.id}")]


async def test_a_code_is_good_for_a_quarter_of_an_hour(office: Office) -> None:
    head = await office.hires("head", Role.EXECUTIVE)
    chat = await office.knows("mine")
    async with office.database.session() as session:
        code = await chat_links.new_code(session, head, office.agency.slug, office.now)
    office.now += LIFE

    assert await sends(office, chat, code) is Linking.WRONG


async def test_a_new_code_voids_the_one_before(office: Office) -> None:
    head = await office.hires("head", Role.EXECUTIVE)
    chat = await office.knows("mine")
    async with office.database.session() as session:
        first = await chat_links.new_code(session, head, office.agency.slug, office.now)
        second = await chat_links.new_code(session, head, office.agency.slug, office.now)

    assert await sends(office, chat, first) is Linking.WRONG
    assert await sends(office, chat, second) is Linking.LINKED


async def test_who_guesses_is_stopped_even_with_the_right_code(office: Office) -> None:
    head = await office.hires("head", Role.EXECUTIVE)
    chat = await office.knows("guesser")
    async with office.database.session() as session:
        code = await chat_links.new_code(session, head, office.agency.slug, office.now)
    for n in range(TRIES):
        assert await sends(office, chat, f"AAAA-AAA{n + 2}") is Linking.WRONG

    assert await sends(office, chat, code) is Linking.TOO_MANY
    office.now += LIFE

    async with office.database.session() as session:
        code = await chat_links.new_code(session, head, office.agency.slug, office.now)
    assert await sends(office, chat, code) is Linking.LINKED


async def test_a_person_has_one_chat_and_a_chat_one_person(office: Office) -> None:
    head = await office.hires("head", Role.EXECUTIVE)
    other = await office.hires("other", Role.AGENT)
    first = await office.links(head)
    second = await office.links(head, "line")
    async with office.database.session() as session:
        code = await chat_links.new_code(session, other, office.agency.slug, office.now)
    await sends(office, second, code)

    async with office.database.session() as session:
        [left] = (await session.scalars(select(StaffChat))).all()
        gone = await chat_links.officer_of(session, first.id, office.agency.slug, office.now)
    assert (left.staff_id, left.contact_id) == (other.id, second.id)
    assert gone is None


async def test_a_code_of_one_agency_is_none_of_anothers(office: Office) -> None:
    head = await office.hires("head", Role.EXECUTIVE)
    async with office.database.session() as session:
        code = await chat_links.new_code(session, head, "elsewhere", office.now)

    assert await sends(office, await office.knows("mine"), code) is Linking.WRONG


async def test_who_holds_no_post_any_more_is_nobody(office: Office) -> None:
    head = await office.hires("head", Role.EXECUTIVE)
    chat = await office.links(head)
    async with office.database.session() as session:
        (await session.get_one(type(head), head.id)).disabled_at = office.now
    async with office.database.session() as session:
        assert await chat_links.officer_of(session, chat.id, office.agency.slug, office.now) is None


async def test_unlinking_is_written_down_and_old_codes_go(office: Office) -> None:
    head = await office.hires("head", Role.EXECUTIVE)
    await office.links(head)
    slug = office.agency.slug
    async with office.database.session() as session:
        await chat_links.new_code(session, head, slug, office.now)
        by = f"staff:{head.id}"
        done = [
            await chat_links.unlink(session, head.id, slug, by=by, now=office.now) for _ in range(2)
        ]
    async with office.database.session() as session:
        await chat_links.expire(session, office.now + LIFE)
        left = await session.scalar(select(func.count()).select_from(ChatCode))
        last = await session.scalar(select(AuditRow.what).order_by(AuditRow.seq.desc()).limit(1))
    assert done == [True, False]
    assert (left, last) == (0, "chat.unlinked")
