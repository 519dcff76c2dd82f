"""Alembic's environment: runs on the connection it is handed."""

from alembic import context

import admin.announcements
import admin.attachments
import admin.audit
import admin.chat_links
import admin.digests
import admin.followers
import admin.invitations
import admin.logbook
import admin.logins
import admin.mailings
import admin.nudges
import admin.persons
import admin.proposals
import admin.questions
import admin.second_factor
import admin.sessions
import admin.signing
import admin.sources
import admin.staff
import admin.subscriptions
import admin.tickets
import admin.votes  # noqa: F401 - the tables register themselves
import bot.tables  # noqa: F401 - the tables register themselves
import knowledge.entries  # noqa: F401 - the tables register themselves
from bot.db import Base

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
    connection.exec_driver_sql("SET LOCAL statement_timeout = '15min'")
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    compare_type=True,
    render_as_batch=connection.dialect.name == "sqlite",
)
context.run_migrations()
