"""Who sees which matters: one rule at every door, and no more than a post needs."""

from itertools import product

import pytest
from sqlalchemy import select

from admin.moves import OVER, Ending, Status
from admin.officers import Officer, Post, Role
from admin.sight import may_see, seen_by
from admin.tickets import Ticket
from bot.db import Database
from knowledge.chains import Kind
from knowledge.registry import Registry
from tests.admin.conftest import Browser, House, NewBrowser
from tests.admin.test_overview import NOW, ticket
from tests.admin.test_ticket_pages import HERE, UNIT, act, bring, come, picture, prepare
from tests.fakes import AGENCY

WEB, UNITS = Post(Role.WEBMASTER), Post(Role.REPORTER, UNIT)
OFFICERS = [
    Officer(1, AGENCY, "ก", posts)
    for posts in (
        (WEB,),
        (UNITS,),
        (WEB, UNITS),
        (Post(Role.REPORTER), WEB),
        (WEB, Post(Role.APPROVER)),
        (Post(Role.AGENT),),
        (Post(Role.OFFICER),),
        (Post(Role.OPERATOR),),
    )
]


async def test_the_rule_and_its_condition_say_the_same_of_every_matter(
    database: Database, registry: Registry
) -> None:
    chains = registry.served[AGENCY].agency.chains
    every = product(Kind, Status, (None, *Ending), (UNIT, "sao", None), (AGENCY, "buriram"))
    rows = [
        ticket(
            number,
            NOW,
            kind=kind,
            status=status,
            ending=ending,
            unit=unit,
            agency=agency,
            closed_at=NOW if status in OVER else None,
        )
        for number, (kind, status, ending, unit, agency) in enumerate(every, start=1)
    ]
    async with database.session() as session:
        session.add_all(rows)
        await session.flush()
        for officer in OFFICERS:
            query = select(Ticket.id).where(seen_by(officer, chains))
            found = set(await session.scalars(query))
            assert found == {row.id for row in rows if may_see(officer, row, chains)}, officer


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
def test_a_webmaster_sees_what_has_come_as_far_as_the_website(
    registry: Registry, kind: Kind, status: Status, ending: Ending | None, *, is_seen: bool
) -> None:
    one = ticket(1, NOW, kind=kind, status=status, ending=ending)
    assert may_see(OFFICERS[0], one, registry.served[AGENCY].agency.chains) is is_seen


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
    number = (await bring(house)).number
    agent = await come(house, await new_browser(), "agent@example.go.th", Role.AGENT)
    await act(agent, number, "triage", unit=UNIT, **{"class": "on-change"})
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
