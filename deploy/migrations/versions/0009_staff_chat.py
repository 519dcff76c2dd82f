"""Chats of staff, nudges and digests; which news waits for its reader, and which is on its way.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

from bot.db import Moment

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FRESH = sa.text("told_at IS NULL AND waits_since IS NULL")
ON_ITS_WAY = sa.text("outgoing IS NOT NULL")


def whose() -> sa.Column[object]:
    """The member of staff; it goes with the account."""
    key = sa.ForeignKey("staff.id", ondelete="CASCADE")
    return sa.Column("staff_id", NUMBER, key, nullable=False)


def contact() -> sa.Column[object]:
    """The chat; it goes with the contact."""
    key = sa.ForeignKey("contacts.id", ondelete="CASCADE")
    return sa.Column("contact_id", sa.Uuid(), key, nullable=False)


def upgrade() -> None:
    op.add_column("news", sa.Column("waits_since", Moment()))
    op.add_column("news", sa.Column("outgoing", sa.Uuid()))
    op.create_index("ix_news_fresh", "news", ["id"], sqlite_where=FRESH, postgresql_where=FRESH)
    op.create_index(
        "ix_news_on_its_way",
        "news",
        ["outgoing"],
        sqlite_where=ON_ITS_WAY,
        postgresql_where=ON_ITS_WAY,
    )
    op.create_table(
        "staff_chats",
        whose(),
        sa.Column("agency", sa.String(32), nullable=False),
        contact(),
        sa.Column("linked_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("staff_id", "agency", name="pk_staff_chats"),
        sa.UniqueConstraint("contact_id", name="uq_staff_chats_contact_id"),
    )
    op.create_table(
        "staff_chat_codes",
        whose(),
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("staff_id", "agency", name="pk_staff_chat_codes"),
        sa.UniqueConstraint("digest", name="uq_staff_chat_codes_digest"),
    )
    op.create_table(
        "staff_chat_tries",
        contact(),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name="pk_staff_chat_tries"),
    )
    op.create_table(
        "ticket_nudges",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column(
            "ticket_id", NUMBER, sa.ForeignKey("tickets.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("stage", sa.String(8), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_nudges"),
        sa.UniqueConstraint(
            "ticket_id", "stage", "due_at", name="uq_ticket_nudges_ticket_id_stage_due_at"
        ),
    )
    op.create_table(
        "staff_digests",
        whose(),
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("news_id", NUMBER, sa.ForeignKey("news.id", ondelete="SET NULL")),
        sa.PrimaryKeyConstraint("staff_id", "agency", "day", name="pk_staff_digests"),
    )


def downgrade() -> None:
    for table in (
        "staff_digests",
        "ticket_nudges",
        "staff_chat_tries",
        "staff_chat_codes",
        "staff_chats",
    ):
        op.drop_table(table)
    op.drop_index("ix_news_on_its_way", "news")
    op.drop_index("ix_news_fresh", "news")
    op.drop_column("news", "outgoing")
    op.drop_column("news", "waits_since")
