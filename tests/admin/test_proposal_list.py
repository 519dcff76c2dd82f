"""The list of proposed answers: every one of them is reached, those that wait first."""

import re
from datetime import timedelta

from admin.officers import Role
from admin.proposals import EntryProposal, State, What
from tests.admin.conftest import Browser, House, NewBrowser
from tests.admin.test_ticket_pages import come
from tests.fakes import AGENCY

HERE = f"/admin/{AGENCY}/proposals"


async def proposed(house: House, number: int, state: State) -> None:
    """So many proposals, one after the other."""
    async with house.database.session() as session:
        for n in range(number):
            at = house.clock() + timedelta(minutes=n)
            session.add(
                EntryProposal(
                    agency=AGENCY,
                    what=What.ENTRY,
                    key=f"entry-{state}-{n}",
                    content={"question": {"th": f"ข้อ {state} ที่ {n}"}},
                    state=state,
                    proposed_by=1,
                    proposer="สมหญิง",
                    proposed_at=at,
                    decider=None if state is State.WAITING else "สมชาย",
                    decided_at=None if state is State.WAITING else at,
                )
            )


def shown(browser: Browser) -> list[int]:
    return [int(number) for number in re.findall(rf'href="{HERE}/(\d+)"', browser.text)]


async def test_every_proposal_is_reached_page_by_page_those_that_wait_first(
    house: House, new_browser: NewBrowser
) -> None:
    await proposed(house, 30, State.RETURNED)
    await proposed(house, 60, State.WAITING)
    await proposed(house, 90, State.APPROVED)
    browser = await come(house, await new_browser(), "p@example.go.th", Role.APPROVER)

    await browser.get(HERE)
    assert len(shown(browser)) == 50
    assert re.search(r"รอผู้อนุมัติ <span[^>]*>60<", browser.text)
    found = shown(browser)
    while following := re.search(r'href="([^"]+)" rel="next"', browser.text):
        await browser.get(following[1])
        found += shown(browser)

    assert found == [*range(90, 30, -1), *range(180, 90, -1), *range(30, 0, -1)]
    for page in ("0", "99", "x"):
        assert (await browser.get(f"{HERE}?page={page}")).status == 200
        assert shown(browser) == found[:50], page


async def test_where_nothing_is_proposed_the_list_says_so(
    house: House, new_browser: NewBrowser
) -> None:
    browser = await come(house, await new_browser(), "p@example.go.th", Role.APPROVER)
    await browser.get(HERE)
    assert shown(browser) == []
    assert "rel=" not in browser.text.split("<main")[1]
