"""Contacts, inbox, outbox and questions.

Revision: 0001, the first
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bot.db import Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def where(condition: str) -> dict[str, sa.TextClause]:
    """A partial index, alike on both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def contact() -> sa.Column[object]:
    """Whose it is; it goes when the contact goes."""
    return sa.Column(
        "contact_id", sa.Uuid(), sa.ForeignKey("contacts.id", ondelete="CASCADE"), nullable=False
    )


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("address", sa.String(128), nullable=False),
        sa.Column("language", sa.String(2)),
        sa.Column("state", DOCUMENT, nullable=False),
        sa.Column("blocked", sa.Boolean(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_contacts"),
        sa.UniqueConstraint(
            "agency", "channel", "address", name="uq_contacts_agency_channel_address"
        ),
    )
    op.create_table(
        "inbox",
        sa.Column("id", NUMBER, nullable=False),
        contact(),
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("event_id", sa.String(128), nullable=False),
        sa.Column("message_id", sa.String(128)),
        sa.Column("order_key", NUMBER, nullable=False),
        sa.Column("payload", DOCUMENT, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fault", sa.String(200)),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("done_at", Moment()),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sa.UniqueConstraint(
            "agency", "channel", "event_id", name="uq_inbox_agency_channel_event_id"
        ),
    )
    unfinished = where("done_at IS NULL")
    op.create_index("ix_inbox_lane", "inbox", ["contact_id", "order_key", "id"], **unfinished)
    op.create_index("ix_inbox_set_aside", "inbox", ["agency"], **where("fault IS NOT NULL"))
    op.create_index("ix_inbox_contact_message", "inbox", ["contact_id", "message_id"])
    op.create_index("ix_inbox_done_at", "inbox", ["done_at"])
    op.create_table(
        "outbox",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        contact(),
        sa.Column("account", sa.String(52), nullable=False),
        sa.Column("address", sa.String(128), nullable=False),
        sa.Column("cause_id", NUMBER),
        sa.Column("payload", DOCUMENT, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fault", sa.String(200)),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("done_at", Moment()),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
    )
    op.create_index("ix_outbox_open", "outbox", ["contact_id", "id"], **unfinished)
    op.create_index("ix_outbox_due", "outbox", ["account", "due_at"], **unfinished)
    op.create_index("ix_outbox_contact", "outbox", ["contact_id", "id"])
    op.create_index("ix_outbox_done_at", "outbox", ["done_at"])
    op.create_table(
        "questions",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("agency", sa.String(32), nullable=False),
        contact(),
        sa.Column("message_id", sa.String(128)),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("entry", sa.String(40)),
        sa.Column("text", sa.String()),
        sa.PrimaryKeyConstraint("id", name="pk_questions"),
    )
    op.create_index("ix_questions_agency_asked_at", "questions", ["agency", "asked_at"])
    op.create_index("ix_questions_contact_message", "questions", ["contact_id", "message_id"])


def downgrade() -> None:
    for table in ("questions", "outbox", "inbox", "contacts"):
        op.drop_table(table)
