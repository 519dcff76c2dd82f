"""Sending as staff see and steer it: figures that move, a stop at once, going on, a test."""

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin import chat_links, leaflets, riding
from admin.announcements import Announcement, Relation, State, is_urgent
from admin.announcing import DECIDERS, WRITERS, Refused
from admin.followers import told
from admin.leaflets import Told
from admin.mailings import Fate, Mailing, Why
from admin.mailings import State as Sending
from admin.threads import story_of
from admin.web import announcement_progress
from admin.web.access import AGENCY_STAFF, Route
from admin.web.announcement_previews import as_sent
from admin.web.announcement_progress import Account, Sent
from admin.web.announcements import HERE, PART, found, may_decide, shown, standing, thread
from admin.web.pages import page
from admin.web.visit import Visit
from bot import outbox
from bot.messages import Reply
from bot.tables import ContactRow, account_of

RUNNING = (Sending.BEGUN, Sending.SENDING)
A_PAGE = 500
"""Contacts of one statement."""


async def progress(visit: Visit) -> web.StreamResponse:
    """The figures alone, for the script of the page."""
    async with visit.read() as session:
        it = await found(visit, session)
        sent = await announcement_progress.of(session, it)
        others = await thread(session, it)
    return page(visit, "announcement_figures.html", **standing(visit, it, sent, others))


async def halt(visit: Visit) -> web.StreamResponse:
    """Nothing more of it goes out; who has it already, the figures say."""
    async with visit.write() as session:
        it = await found(visit, session, locks=True)
        if not may_decide(visit, it):
            raise web.HTTPForbidden
        stopped = await stop(visit, session, it, for_good=False)
    if not stopped:
        return await shown(visit, status=422, fault=visit.say("announce.nothing_to_stop"))
    raise visit.go(visit.at(PART, it.id), done="sending_stopped")


async def stop(
    visit: Visit, session: AsyncSession, it: Announcement, *, for_good: bool
) -> list[int]:
    """Stop every act of sending it.

    `for_good` it cannot go on, nor can what followed it, and books no quota.
    """
    whole = [it.id]
    if for_good:
        whole += await session.scalars(
            select(Announcement.id).where(Announcement.first_id == it.id)
        )
    query = select(Mailing).where(Mailing.announcement_id.in_(whole), Mailing.ended_at.is_(None))
    mailings = (await session.scalars(query.order_by(Mailing.id).with_for_update())).all()
    stopped: list[int] = []
    for mailing in mailings:
        if mailing.state in RUNNING:
            mailing.state, mailing.why = Sending.STOPPED, Why.STAFF
            await outbox.hold_back(await session.connection(), mailing.key, visit.now)
            stopped.append(mailing.id)
        if for_good:
            mailing.ended_at = visit.now
    if for_good:
        stopped += await riding.recall(session, whole)
    await session.flush()
    if stopped:
        await _record(visit, session, it, "mailing.stopped", stopped)
    return stopped


async def resume(visit: Visit) -> web.StreamResponse:
    """Let go on what was stopped, if the quota has room for all that is left of it."""
    async with visit.read() as session:
        it = await found(visit, session)
        sent = await announcement_progress.of(session, it)
    fault = await _obstacle(visit, it, sent)
    if fault:
        return await shown(visit, status=422, fault=fault)
    try:
        async with visit.write() as session:
            it = await found(visit, session, locks=True)
            await _go_on(visit, session, it)
    except Refused as error:
        return await shown(visit, status=422, fault=visit.say(error.key))
    raise visit.go(visit.at(PART, it.id), done="sending_resumed")


async def _go_on(visit: Visit, session: AsyncSession, it: Announcement) -> None:
    if not may_decide(visit, it) or it.state is not State.POSTED:
        raise Refused("announce.not_yours")
    if it.first_id is None and (await story_of(session, it)).ended(visit.now):
        raise Refused("announce.resume_over")
    query = select(Mailing).where(
        Mailing.announcement_id == it.id,
        Mailing.ended_at.is_(None),
        Mailing.state == Sending.STOPPED,
    )
    resumed: list[int] = []
    for mailing in (await session.scalars(query.with_for_update())).all():
        mailing.state = Sending.SENDING if mailing.started_at else Sending.BEGUN
        mailing.why, mailing.shortfall = None, 0
        mailing.let_be_taken_up(visit.now)
        resumed.append(mailing.id)
    if not resumed:
        raise Refused("announce.nothing_stopped")
    await session.flush()
    await _record(visit, session, it, "mailing.resumed", resumed)


async def _obstacle(visit: Visit, it: Announcement, sent: Sent) -> str:
    """Why it cannot go on: some would get it and some not."""
    for one in sent.accounts:
        if one.is_stopped and (fault := await _lack(visit, it, one)):
            return fault
    return ""


async def _lack(visit: Visit, it: Announcement, one: Account) -> str:
    account = account_of(visit.agency.slug, one.mailing.channel)
    channel = visit.equipment.channels.get(account)
    if channel is None:
        return visit.say("announce.no_account")
    ledger = await visit.equipment.quotas.ledger(channel, but=one.mailing.id, fresh=True)
    left = one.figures.get(Fate.QUEUED, 0)
    if ledger is None or not left:
        return ""
    if not ledger.is_known:
        return visit.say("announce.quota_unknown")
    urgent = is_urgent(visit.agency, it.content) or it.relation is Relation.ALL_CLEAR
    short = ledger.shortfall(left, urgent=urgent)
    return visit.say("announce.resume_short", left=left, short=short) if short else ""


async def test(visit: Visit) -> web.StreamResponse:
    """Send it to the visitor's own linked chat, marked as a test."""
    async with visit.write() as session:
        it = await found(visit, session)
        chat = (await chat_links.chats(session, visit.agency.slug)).get(visit.officer.id)
        if chat is not None:
            for reply in _tested(visit, as_sent(visit, it, await story_of(session, it)), chat):
                session.add(told(chat.id, reply, presses=True, now=visit.now))
                await session.flush()
            await _record(visit, session, it, "announcement.tested", [])
    if chat is None:
        return await shown(visit, status=422, fault=visit.say("announce.no_own_chat"))
    raise visit.go(visit.at(PART, it.id), done="test_sent")


def _tested(visit: Visit, told: Told, chat: ContactRow) -> list[Reply]:
    agency, languages = visit.agency, visit.agency.profile.languages
    language = chat.language if chat.language in languages else languages[0]
    address = visit.equipment.settings.public_url
    whole = leaflets.alert(agency, told, language, address)
    return [Reply(visit.say("announce.test_notice")), whole]


async def _record(
    visit: Visit, session: AsyncSession, it: Announcement, what: str, mailings: list[int]
) -> None:
    details = {"mailings": mailings} if mailings else None
    await visit.record(session, what, f"announcement:{it.id}", details)


ROUTES = (
    Route("GET", f"{HERE}/progress", progress, AGENCY_STAFF),
    Route("POST", f"{HERE}/stop", halt, DECIDERS),
    Route("POST", f"{HERE}/resume", resume, DECIDERS),
    Route("POST", f"{HERE}/test", test, WRITERS | DECIDERS),
)
