"""Who sees which matters: one rule at every door, and no more than a post needs."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from admin import signing
from admin.moves import Ending, Status
from admin.officers import Officer, Post, Role
from admin.sight import seen_by, who_see
from admin.signing import Proposal
from admin.tickets import Ticket
from bot.db import Database
from knowledge.chains import Kind
from knowledge.registry import Registry
from tests.admin.conftest import Browser, House, NewBrowser
from tests.admin.test_overview import NOW, ticket
from tests.admin.test_ticket_pages import (
    HERE,
    UNIT,
    act,
    bring,
    come,
    look,
    picture,
    prepare,
    with_unit,
)
from tests.fakes import AGENCY

WEB, UNITS = Post(Role.WEBMASTER), Post(Role.REPORTER, UNIT)


async def sees(
    database: Database, registry: Registry, one: Ticket, *posts: Post, drafts: Sequence[Ending] = ()
) -> bool:
    """Whether a matter with these drafts concerns somebody with these posts; lists agree."""
    chains, officer = registry.served[AGENCY].agency.chains, Officer(1, AGENCY, "ก", posts)
    async with database.session() as session:
        session.add(one)
        await session.flush()
        for ending in drafts:
            await signing.save_draft(session, one, Proposal(ending, str(ending)), officer, NOW)
            one.status = Status.WITH_UNIT
        if drafts:
            one.status = Status.APPROVED
            await session.flush()
        found = await who_see(session, one, [officer], chains)
        listed = await session.scalar(select(Ticket.id).where(seen_by(officer, chains)))
    assert bool(found) == (listed is not None)
    return bool(found)


@pytest.mark.parametrize(
    ("posts", "is_seen"),
    [
        ((WEB,), False),
        ((UNITS,), True),
        ((Post(Role.REPORTER, "sao"),), False),
        ((Post(Role.REPORTER),), True),
        ((WEB, UNITS), True),
        ((WEB, Post(Role.APPROVER)), True),
        ((Post(Role.AGENT),), True),
        ((Post(Role.OFFICER),), False),
        ((Post(Role.OPERATOR),), False),
    ],
)
async def test_a_matter_is_seen_by_the_widest_of_ones_posts_and_in_one_agency(
    database: Database, registry: Registry, posts: tuple[Post, ...], *, is_seen: bool
) -> None:
    elsewhere = ticket(1, NOW, agency="buriram")
    assert not await sees(database, registry, elsewhere, *posts)
    assert await sees(database, registry, ticket(2, NOW), *posts) is is_seen


async def test_a_matter_is_seen_by_some_of_an_agency_of_thousands(
    database: Database, registry: Registry
) -> None:
    people = [Officer(n, AGENCY, "ก", (UNITS, WEB)[n % 2 :][:1]) for n in range(3_000)]
    one = ticket(1, NOW)
    async with database.session() as session:
        session.add(one)
        await session.flush()
        found = await who_see(session, one, people, registry.served[AGENCY].agency.chains)
    assert found == people[::2]


@pytest.mark.parametrize(
    ("kind", "status", "ending", "is_seen"),
    [
        (Kind.WRONG_INFO, Status.APPROVED, None, True),
        (Kind.PUBLICATION, Status.PUBLISHED, None, True),
        (Kind.WRONG_INFO, Status.CLOSED, Ending.CORRECTED, True),
        (Kind.WRONG_INFO, Status.CLOSED, Ending.NO_ERROR, False),
        (Kind.WRONG_INFO, Status.PREPARED, None, False),
        (Kind.WRONG_INFO, Status.RECEIVED, None, False),
        (Kind.WRONG_INFO, Status.WITHDRAWN, None, False),
        (Kind.COMPLAINT, Status.APPROVED, None, False),
        (Kind.COMPLAINT, Status.CLOSED, Ending.CORRECTED, False),
        (Kind.QUESTION, Status.RECEIVED, None, False),
    ],
)
async def test_a_webmaster_sees_what_has_come_as_far_as_the_website(
    database: Database,
    registry: Registry,
    kind: Kind,
    status: Status,
    ending: Ending | None,
    *,
    is_seen: bool,
) -> None:
    one = ticket(1, NOW, kind=kind, status=status, ending=ending)
    assert await sees(database, registry, one, WEB) is is_seen


@pytest.mark.parametrize(
    ("drafts", "is_seen"),
    [
        ((Ending.CORRECTED,), True),
        ((Ending.NO_ERROR,), False),
        ((Ending.CANNOT,), False),
        ((Ending.NO_ERROR, Ending.CORRECTED), True),
        ((Ending.CORRECTED, Ending.ANSWERED), False),
    ],
)
async def test_what_was_approved_to_end_without_a_change_is_not_with_the_webmaster(
    database: Database, registry: Registry, drafts: Sequence[Ending], *, is_seen: bool
) -> None:
    one = ticket(1, NOW, kind=Kind.WRONG_INFO)
    assert await sees(database, registry, one, WEB, drafts=drafts) is is_seen


@pytest.fixture
async def webmaster(house: House, new_browser: NewBrowser) -> Browser:
    """Who publishes and does nothing else, logged in."""
    return await come(house, await new_browser(), "web@example.go.th", Role.WEBMASTER)


async def doors(browser: Browser, number: str, words: str, file: str) -> list[str]:
    """Every door behind which the words, the number or a file of a matter stand."""
    found = []
    for query in ("", "?state=all", "?state=over", f"?q={number}", f"?q={words}"):
        await browser.get(HERE + query)
        if words in browser.text.replace(f'value="{words}"', "") or f"/{number}" in browser.text:
            found.append(f"list{query}")
    paths = ("", "/moves/return", f"/files/{file}", f"/files/{file}?small=1", "/slip")
    for path in paths:
        async with browser.http.get(f"{browser.url}{HERE}/{number}{path}") as response:
            found += [path or "page"] if response.status != 404 else []
    await browser.get(f"/admin/{AGENCY}/")
    if words in browser.text or number in browser.text:
        found.append("first page")
    for path in ("/note", "/person", "/lock", "/moves/close"):
        await browser.get(HERE)
        if (await browser.post(f"{HERE}/{number}{path}", {"note": "x"})).status != 404:
            found.append(f"post {path}")
    return found


async def test_no_door_shows_a_webmaster_what_never_goes_to_the_website(
    house: House, webmaster: Browser, new_browser: NewBrowser
) -> None:
    for kind in (Kind.COMPLAINT, Kind.QUESTION, Kind.SUGGESTION, Kind.INFO_REQUEST):
        theirs = await bring(house, kind=kind, what="หัวหน้ากองรับเงิน", urgent=True)
        assert await doors(webmaster, theirs.number, "หัวหน้ากองรับเงิน", "1") == [], kind
        assert (await webmaster.get(f"/admin/{AGENCY}/questions/{theirs.number}")).status == 403
    await webmaster.get(f"/admin/{AGENCY}/overview")
    assert webmaster.status == 200
    head = await come(house, await new_browser(), "head@example.go.th", Role.EXECUTIVE)
    assert "page" in await doors(head, theirs.number, "หัวหน้ากองรับเงิน", "1")


async def test_a_correction_is_seen_by_the_webmaster_from_its_approval_on(
    house: House, webmaster: Browser, new_browser: NewBrowser
) -> None:
    agent = await come(house, await new_browser(), "agent@example.go.th", Role.AGENT)
    number = await with_unit(house, agent)
    reporter = await come(house, await new_browser(), "r@example.go.th", Role.REPORTER, UNIT)
    await prepare(reporter, number, ("a.jpg", picture()))
    assert await doors(webmaster, number, "เบอร์โทรผิด", "1") == []

    approver = await come(house, await new_browser(), "p@example.go.th", Role.APPROVER)
    await act(approver, number, "approve")
    found = await doors(webmaster, number, "เบอร์โทรผิด", "1")
    assert {"list", "list?q=เบอร์โทรผิด", "page", "/files/1", "first page"} <= set(found)
    await act(webmaster, number, "return", reason="ยังผิดอยู่")
    assert (webmaster.status, webmaster.path) == (200, f"/admin/{AGENCY}/?done=moved")
    assert await doors(webmaster, number, "เบอร์โทรผิด", "1") == []


async def test_a_correction_that_ends_without_a_change_is_closed_by_others_than_the_webmaster(
    house: House, webmaster: Browser, new_browser: NewBrowser
) -> None:
    agent = await come(house, await new_browser(), "agent@example.go.th", Role.AGENT)
    number = await with_unit(house, agent)
    reporter = await come(house, await new_browser(), "r@example.go.th", Role.REPORTER, UNIT)
    await prepare(reporter, number, ("a.jpg", picture()), ending="no-error")
    approver = await come(house, await new_browser(), "p@example.go.th", Role.APPROVER)
    await act(approver, number, "approve")

    assert await doors(webmaster, number, "เบอร์โทรผิด", "1") == []
    await act(agent, number, "close")
    assert (await look(house, number)).ending is Ending.NO_ERROR
    assert await doors(webmaster, number, "เบอร์โทรผิด", "1") == []
