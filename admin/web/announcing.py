"""What staff decide of an announcement: hand it in, return it, approve, undo, end, withdraw."""

from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from admin import (
    announcement_checks,
    announcements,
    announcing,
    chat_links,
    posting,
    riding,
    staff,
)
from admin.announcements import Announcement, State, Way
from admin.announcing import DECIDERS, WRITERS, Refused, approver_of
from admin.followers import told
from admin.threads import story_of
from admin.web import announcement_sending
from admin.web.access import Route
from admin.web.announcement_forecast import Forecast, forecast
from admin.web.announcement_form import may_write, seen_at
from admin.web.announcements import HERE, PART, found, may_decide, shown
from admin.web.texts import WORDING
from admin.web.visit import Visit
from bot.messages import Reply
from knowledge import redaction

REASON = 500
"""Letters of a reason."""
Deed = Callable[[AsyncSession, Announcement], Awaitable[None]]


async def _do(visit: Visit, deed: Deed, done: str) -> web.StreamResponse:
    """One deed in one transaction; where it is refused the page says why and what to do."""
    try:
        async with visit.write() as session:
            await deed(session, await found(visit, session, locks=True))
    except Refused as error:
        typed = {"reason": visit.form.text("reason", at_most=REASON)}
        typed["deed"] = visit.request.path.rpartition("/")[2]
        typed["cleared"] = " ".join(visit.form.texts("cleared"))
        return await shown(visit, status=422, fault=visit.say(error.key), typed=typed)
    raise visit.go(visit.at(PART, visit.request.match_info["number"]), done=done)


def _unchanged(visit: Visit, it: Announcement) -> None:
    """What is signed is what the visitor saw."""
    if visit.form.text("seen", at_most=40) != seen_at(it):
        raise Refused("announce.changed_meanwhile")


async def submit(visit: Visit) -> web.StreamResponse:
    """Sign as the writer, and hand it to the second person."""

    async def deed(session: AsyncSession, it: Announcement) -> None:
        _unchanged(visit, it)
        if announcement_checks.faults(visit.agency, it.content, visit.now):
            raise Refused("announce.has_faults")
        await announcing.submit(session, visit.agency, it, visit.officer, visit.now)
        await _tell(visit, session, it)

    return await _do(visit, deed, done="announcement_submitted")


async def _tell(visit: Visit, session: AsyncSession, it: Announcement) -> None:
    """Who may approve it hears of it in their own chat and language; the head at once (A5)."""
    role, unit = approver_of(visit.agency, it.content), it.content.unit
    presses = announcements.needs_head(visit.agency, it.content)
    chats = await chat_links.chats(session, visit.agency.slug)
    address = visit.equipment.settings.public_url.rstrip("/") + visit.at(PART, it.id)
    for officer in await staff.officers(session, visit.agency.slug, visit.today):
        if officer.id in chats and officer.id != visit.officer.id and officer.post(role, unit):
            chat = chats[officer.id]
            language = chat.language or "th"
            headline = it.content.headline(language)
            words = WORDING.say("announce.asks_approval", language, headline=headline, url=address)
            session.add(told(chat.id, Reply(words), presses=presses, now=visit.now))


async def give_back(visit: Visit) -> web.StreamResponse:
    """To the writer, with a reason; the writer may take it back without one."""

    async def deed(session: AsyncSession, it: Announcement) -> None:
        prepared = it.signed("prepare")
        is_own = prepared is not None and prepared.staff_id == visit.officer.id
        if not (is_own or may_decide(visit, it)):
            raise Refused("announce.not_yours")
        reason = visit.form.text("reason", at_most=REASON)
        if is_own and not reason:
            reason = visit.say("announce.taken_back")
        await announcing.give_back(session, it, visit.officer, reason, visit.now)

    return await _do(visit, deed, done="announcement_returned")


async def approve(visit: Visit) -> web.StreamResponse:
    """The second signature: nothing found is left uncleared, and the quota suffices."""
    async with visit.read() as session:
        it = await found(visit, session)
    expected = await forecast(visit, it)

    async def deed(session: AsyncSession, it: Announcement) -> None:
        _unchanged(visit, it)
        _may_go_out(visit, it, expected)
        cleared = visit.form.texts("cleared")
        personal = announcement_checks.found(visit.agency, it.content)
        if announcement_checks.uncleared(personal, cleared):
            raise Refused("announce.not_cleared")
        files = announcement_checks.file_digests(it.content)
        if not files <= set(cleared):
            raise Refused("announce.files_unseen")
        known = {one.digest for one in personal} | files
        await announcing.approve(session, visit.agency, it, visit.officer, visit.now, cleared=known)

    return await _do(visit, deed, done="announcement_approved")


def _may_go_out(visit: Visit, it: Announcement, expected: Forecast) -> None:
    """Raises Refused for what has become impossible since it was written."""
    if announcement_checks.faults(visit.agency, it.content, visit.now):
        raise Refused("announce.faults_since")
    if obstacle := expected.obstacle:
        raise Refused("announce.quota_unknown" if obstacle.is_unknown else "announce.over_quota")


async def go_otherwise(visit: Visit) -> web.StreamResponse:
    """Another way where messages are counted; under a new signature of the writer.

    Whoever approves may choose it too: then it goes back to the writer, who signs it so.
    """
    chosen = visit.form.text("way", at_most=10)
    if chosen not in set(Way):
        raise web.HTTPBadRequest
    way = Way(chosen)

    async def deed(session: AsyncSession, it: Announcement) -> None:
        if not (may_write(visit, it.content.unit) or may_decide(visit, it)):
            raise Refused("announce.not_yours")
        prepared = it.signed("prepare")
        is_waiting = it.state is State.WAITING
        if is_waiting:
            reason = visit.say("announce.way_changed", way=visit.say(WAYS[way]))
            await announcing.give_back(session, it, visit.officer, reason, visit.now)
        content = msgspec.structs.replace(it.content, way=way)
        seen = it.changed_at
        await announcing.save(session, it, content, visit.officer, visit.now, seen=seen)
        if is_waiting and prepared and prepared.staff_id == visit.officer.id:
            await announcing.submit(session, visit.agency, it, visit.officer, visit.now)

    return await _do(visit, deed, done="way_changed")


async def undo(visit: Visit) -> web.StreamResponse:
    """Take the approval back while nothing has gone out."""

    async def deed(session: AsyncSession, it: Announcement) -> None:
        if it.relation is announcements.Relation.ALL_CLEAR:
            raise Refused("announce.end_of_another")
        if not (may_write(visit, it.content.unit) or may_decide(visit, it)):
            raise Refused("announce.not_yours")
        await announcing.undo(session, it, visit.officer, visit.now)

    return await _do(visit, deed, done="announcement_undone")


async def end_now(visit: Visit) -> web.StreamResponse:
    """Tell the end earlier than planned."""

    async def deed(session: AsyncSession, it: Announcement) -> None:
        await announcing.end_now(session, visit.agency, it, visit.officer, visit.now)

    return await _do(visit, deed, done="announcement_ended")


async def keep_going(visit: Visit) -> web.StreamResponse:
    """Take the early end back while it has not been told."""

    async def deed(session: AsyncSession, it: Announcement) -> None:
        if not may_decide(visit, it):
            raise Refused("announce.not_yours")
        await announcing.keep_going(session, it, visit.officer, visit.now)

    return await _do(visit, deed, done="announcement_goes_on")


async def withdraw(visit: Visit) -> web.StreamResponse:
    """It does not go out, or holds no longer; what has not been sent of it is not sent."""

    async def deed(session: AsyncSession, it: Announcement) -> None:
        is_written = it.state in {State.DRAFT, State.WAITING} and may_write(visit, it.content.unit)
        if not (is_written or may_decide(visit, it)):
            raise Refused("announce.not_yours")
        reason = visit.form.text("reason", at_most=REASON)
        own = announcement_checks.published(visit.agency)
        if it.posted_at is not None and redaction.found(reason, own):
            raise Refused("announce.reason_personal")  # the public reads it
        await announcing.withdraw(session, it, visit.officer, reason, visit.now)
        await announcement_sending.stop(visit, session, it, for_good=True)
        address = visit.equipment.settings.public_url
        first = it.first_id or it.id
        await riding.tell_anew(session, visit.agency, first, address, visit.now)
        if it.first_id is not None and it.posted_at is not None:  # what it said before holds again
            await posting.plan(session, await story_of(session, it), visit.now)

    return await _do(visit, deed, done="announcement_withdrawn")


WAYS = {
    Way.PUSH: "newsways.push",
    Way.RIDE: "newsways.ride",
    Way.DIGEST: "newsways.digest",
    Way.FREE: "newsways.free",
    Way.PAGE: "newsways.page",
}
EITHER = WRITERS | DECIDERS
ROUTES = (
    Route("POST", f"{HERE}/submit", submit, WRITERS),
    Route("POST", f"{HERE}/return", give_back, EITHER),
    Route("POST", f"{HERE}/approve", approve, DECIDERS),
    Route("POST", f"{HERE}/way", go_otherwise, EITHER),
    Route("POST", f"{HERE}/undo", undo, EITHER),
    Route("POST", f"{HERE}/end", end_now, DECIDERS),
    Route("POST", f"{HERE}/keep-going", keep_going, DECIDERS),
    Route("POST", f"{HERE}/withdraw", withdraw, EITHER),
)
