"""One's own chat: the code that links it, and the end of it."""

from collections.abc import Sequence
from datetime import datetime

from aiohttp import web
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from admin import audit, chat_links
from admin.digests import WORKERS
from admin.web.access import Route
from admin.web.pages import page
from admin.web.visit import Visit, address

HERE = address("account")


class ChatShown(Struct, frozen=True):
    """One agency of the visitor, and the chat that is linked there if any."""

    slug: str
    name: str
    channel: str | None
    since: datetime | None


async def chats_of(visit: Visit, session: AsyncSession) -> Sequence[ChatShown]:
    """An entry for each agency in which the visitor works on citizens' matters."""
    linked = {
        chat.agency: (contact.channel, chat.linked_at)
        for chat, contact in await chat_links.of_person(session, visit.person.id)
    }
    shown = []
    for slug in dict.fromkeys(slug for slug, post in visit.posts if post.role in WORKERS):
        served = visit.equipment.served(slug)
        if served is not None:
            name = served.agency.profile.name.of(visit.language)
            channel, since = linked.get(slug, (None, None))
            shown.append(ChatShown(slug, name, channel, since))
    return shown


async def give_code(visit: Visit) -> web.StreamResponse:
    """A code to send from one's own chat, shown once."""
    slug = _agency(visit)
    served = visit.equipment.served(slug)
    if served is None:
        raise web.HTTPNotFound
    async with visit.write() as session:
        code = await chat_links.new_code(session, visit.person, slug, visit.now)
        await audit.record(
            session,
            agency=slug,
            actor=visit.actor,
            what="chat.code",
            subject=visit.actor,
            now=visit.now,
        )
    name = served.agency.profile.name.of(visit.language)
    return page(visit, "chat_code.html", code=code, name=name)


async def part(visit: Visit) -> web.StreamResponse:
    """Nothing more is told in that chat."""
    slug = _agency(visit)
    async with visit.write() as session:
        await chat_links.unlink(session, visit.person.id, slug, by=visit.actor, now=visit.now)
    raise visit.go(HERE, done="chat_unlinked")


def _agency(visit: Visit) -> str:
    """The agency of the path, if the visitor works there."""
    slug = visit.request.match_info["agency"]
    if not any(held == slug and post.role in WORKERS for held, post in visit.posts):
        raise web.HTTPNotFound
    return slug


ROUTES = (
    Route("POST", "/admin/account/chats/{agency:[a-z0-9-]{1,32}}/code", give_code, WORKERS),
    Route("POST", "/admin/account/chats/{agency:[a-z0-9-]{1,32}}/end", part, WORKERS),
)
