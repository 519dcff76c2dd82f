"""On whose list a matter stands once it is approved, by whether the website changes."""

import pytest

from admin import lists
from admin.lists import State, Wanted
from admin.moves import Ending, Move
from admin.officers import Officer, Role
from admin.signing import Proposal
from admin.tickets import Ticket
from knowledge.chains import Kind
from tests.tickets.conftest import (
    AGENT,
    APPROVER,
    HEAD,
    PHONE,
    REPORTER,
    SLUG,
    UNIT,
    WEBMASTER,
    Office,
    officer,
)

STRANGER = officer(8, Role.REPORTER, "sao")
NOTHING_WRONG = Proposal(Ending.NO_ERROR, "ตรวจแล้วถูกต้อง")


async def approved(office: Office, proposal: Proposal, kind: Kind = Kind.WRONG_INFO) -> Ticket:
    """All the way to the approver's signature."""
    ticket = await office.receives(kind)
    await office.does(ticket, Move.TRIAGE, AGENT, unit=UNIT)
    await office.drafts(ticket, proposal)
    await office.does(ticket, Move.PREPARE, REPORTER)
    await office.does(ticket, Move.APPROVE, APPROVER)
    return ticket


async def stands(office: Office, who: Officer, state: State) -> bool:
    """Whether the only matter there is stands on this list; the count agrees."""
    found = await lists.listed(office.session, office.agency, who, Wanted(state), office.now)
    counted = await lists.counts(office.session, office.agency, who, office.now)
    assert counted[state] == len(found)
    return bool(found)


async def test_what_ends_without_a_change_waits_for_whoever_may_close_it(office: Office) -> None:
    await approved(office, NOTHING_WRONG)

    assert not await stands(office, WEBMASTER, State.SIGN)
    for who in (AGENT, APPROVER, REPORTER):
        assert await stands(office, who, State.MINE)
    for who in (WEBMASTER, HEAD, STRANGER):
        assert not await stands(office, who, State.MINE)


async def test_what_goes_to_the_website_waits_for_the_webmaster(office: Office) -> None:
    await approved(office, PHONE)

    assert await stands(office, WEBMASTER, State.SIGN)
    for who in (AGENT, APPROVER, REPORTER):
        assert not await stands(office, who, State.MINE)


async def test_what_one_has_signed_waits_for_the_signature_of_another(office: Office) -> None:
    both = Officer(2, SLUG, "สองหน้าที่", (*REPORTER.posts, *APPROVER.posts))
    ticket = await office.receives()
    await office.does(ticket, Move.TRIAGE, AGENT, unit=UNIT)
    await office.drafts(ticket, PHONE)
    await office.does(ticket, Move.PREPARE, both)
    assert not await stands(office, both, State.SIGN)
    assert await stands(office, APPROVER, State.SIGN)
    await office.does(ticket, Move.RETURN, APPROVER, reason="ผิดเลข")
    await office.does(ticket, Move.PREPARE, officer(9, Role.REPORTER, UNIT))

    assert await stands(office, both, State.SIGN)


async def test_of_several_drafts_the_last_one_counts(office: Office) -> None:
    ticket = await approved(office, NOTHING_WRONG)
    await office.does(ticket, Move.RETURN, APPROVER, reason="ผิดจริง")
    await office.drafts(ticket, PHONE)
    await office.does(ticket, Move.PREPARE, REPORTER)
    await office.does(ticket, Move.APPROVE, APPROVER)

    assert await stands(office, WEBMASTER, State.SIGN)
    assert not await stands(office, AGENT, State.MINE)


@pytest.mark.parametrize("ending", [Ending.ANSWERED, Ending.CORRECTED])
async def test_what_two_sign_waits_for_the_approver_whatever_its_end(
    office: Office, ending: Ending
) -> None:
    await approved(office, Proposal(ending, "เสร็จแล้ว"), Kind.COMPLAINT)

    assert await stands(office, APPROVER, State.MINE)
    assert not await stands(office, WEBMASTER, State.SIGN)
