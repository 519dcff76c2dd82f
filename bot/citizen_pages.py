"""The roof over the citizens' pages: the chat with its files, questions, the publication form."""

from aiohttp import web

from bot import clock
from bot.channels.channel import Accept
from bot.db import Database
from bot.files import FileStore
from bot.lanes import Lanes
from bot.mailbox import Bells
from bot.secrets import secret_key
from bot.settings import Settings
from handlers.site.chat import Chat
from handlers.site.enclosures import Enclosures
from handlers.site.news import News
from handlers.site.pages import Pages
from handlers.site.publication import Publication
from handlers.site.questions import Questions
from handlers.site.uploads import Uploads
from knowledge.registry import Registry


def add_to(
    app: web.Application,
    database: Database,
    registry: Registry,
    settings: Settings,
    *,
    files: FileStore,
    accept: Accept,
    lanes: Lanes,
    bells: Bells,
) -> None:
    """Serve everything that citizens open; last of all pages, as agencies are named at the top."""
    key = secret_key(settings.data_dir)
    chat = Chat(
        database,
        registry.get,
        accept,
        lanes,
        bells,
        key=key,
        settings=settings,
        clock=clock.now,
    )
    chat.add_to(app)
    Uploads(chat, database, files, settings, clock.now).add_to(app)
    Publication(
        database, registry.get, files, settings, sessions=chat.sessions, clock=clock.now
    ).add_to(app)
    Questions(database, registry.get, settings, clock.now).add_to(app)
    News(database, registry.get, files, settings, clock.now).add_to(app)
    Enclosures(database, registry.get, files, settings, key=key, clock=clock.now).add_to(app)
    Pages(registry, settings).add_to(app)
