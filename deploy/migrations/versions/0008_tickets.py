"""Tickets with their log, drafts, signatures, persons, followers and news.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

from bot.db import Document, Moment

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("closed_at IS NULL")
UNTOLD = sa.text("told_at IS NULL")


def ticket(**how: object) -> sa.Column[object]:
    """Which ticket it belongs to; it goes when the ticket goes."""
    key = sa.ForeignKey("tickets.id", ondelete="CASCADE")
    return sa.Column("ticket_id", NUMBER, key, nullable=False, **how)


def contact(ondelete: str, *, nullable: bool) -> sa.Column[object]:
    """Whose it is."""
    key = sa.ForeignKey("contacts.id", ondelete=ondelete)
    return sa.Column("contact_id", sa.Uuid(), key, nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "tickets",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("number", sa.String(12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("source", sa.String(12), nullable=False),
        contact("SET NULL", nullable=True),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("privacy", sa.String(12), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("right", sa.String()),
        sa.Column("said", Document, nullable=False),
        sa.Column("attachments", Document, nullable=False),
        sa.Column("place", Document),
        sa.Column("item", sa.String(40)),
        sa.Column("entry", sa.String(40)),
        sa.Column("url", sa.String(2000)),
        sa.Column("topic", sa.String(40)),
        sa.Column("unit", sa.String(40)),
        sa.Column("class", sa.String(12), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("image", sa.Boolean(), nullable=False),
        sa.Column("holder", sa.Integer()),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("first_reply_due", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("first_reply_at", Moment()),
        sa.Column("closed_at", Moment()),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("ending", sa.String(12)),
        sa.Column("ending_reason", sa.String()),
        sa.Column("handed_to", sa.String(200)),
        sa.Column("handed_number", sa.String(80)),
        sa.Column("joined_to", NUMBER, sa.ForeignKey("tickets.id")),
        sa.Column("verdict", sa.String(8)),
        sa.Column("stars", sa.Integer()),
        sa.Column("verdict_words", sa.String()),
        sa.Column("locked_by", sa.Integer()),
        sa.Column("locked_until", Moment()),
        sa.PrimaryKeyConstraint("id", name="pk_tickets"),
        sa.UniqueConstraint("agency", "number", name="uq_tickets_agency_number"),
    )
    op.create_index(
        "ix_tickets_open",
        "tickets",
        ["agency", "due_at", "unit", "kind", "status"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index("ix_tickets_status", "tickets", ["agency", "status", "due_at"])
    op.create_index("ix_tickets_unit", "tickets", ["agency", "unit", "due_at"])
    op.create_index("ix_tickets_item", "tickets", ["agency", "item"])
    op.create_index(
        "ix_tickets_opened",
        "tickets",
        ["agency", "opened_at", "first_reply_at", "closed_at", "reopened"],
    )
    op.create_index("ix_tickets_closed", "tickets", ["agency", "closed_at", "ending", "verdict"])
    op.create_index("ix_tickets_contact", "tickets", ["contact_id"])
    op.create_index("ix_tickets_joined", "tickets", ["joined_to"])
    op.create_table(
        "ticket_counters",
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("agency", "year", name="pk_ticket_counters"),
    )
    op.create_table(
        "ticket_log",
        sa.Column("id", NUMBER, nullable=False),
        ticket(),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("start", sa.String(12)),
        sa.Column("end", sa.String(12)),
        sa.Column("staff_id", sa.Integer()),
        sa.Column("role", sa.String(12)),
        sa.Column("acting_for", sa.String(200)),
        sa.Column("contact_id", sa.Uuid()),
        sa.Column("message_id", sa.String(128)),
        sa.Column("text", sa.String()),
        sa.Column("attachments", Document, nullable=False),
        sa.Column("details", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_log"),
    )
    op.create_index("ix_ticket_log_ticket", "ticket_log", ["ticket_id", "id"])
    op.create_index("ix_ticket_log_message", "ticket_log", ["contact_id", "message_id"])
    op.create_table(
        "ticket_persons",
        ticket(),
        sa.Column("name", sa.String(200)),
        sa.Column("phone", sa.String(60)),
        sa.Column("email", sa.String(200)),
        sa.Column("address", sa.String(500)),
        sa.Column("consent_version", sa.String(20)),
        sa.Column("consent_at", Moment()),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_ticket_persons"),
    )
    op.create_table(
        "ticket_drafts",
        sa.Column("id", NUMBER, nullable=False),
        ticket(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("proposal", Document, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_drafts"),
        sa.UniqueConstraint("ticket_id", "version", name="uq_ticket_drafts_ticket_id_version"),
    )
    op.create_table(
        "ticket_signatures",
        sa.Column("id", NUMBER, nullable=False),
        ticket(),
        sa.Column(
            "draft_id",
            NUMBER,
            sa.ForeignKey("ticket_drafts.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("step", sa.String(12), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(12), nullable=False),
        sa.Column("acting_for", sa.String(200)),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("voided_at", Moment()),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_signatures"),
    )
    op.create_index("ix_ticket_signatures_ticket", "ticket_signatures", ["ticket_id", "id"])
    op.create_table(
        "ticket_followers",
        ticket(),
        contact("CASCADE", nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "contact_id", name="pk_ticket_followers"),
    )
    op.create_index("ix_ticket_followers_contact", "ticket_followers", ["contact_id"])
    op.create_table(
        "news",
        sa.Column("id", NUMBER, nullable=False),
        contact("CASCADE", nullable=False),
        sa.Column("reply", Document, nullable=False),
        sa.Column("presses", sa.Boolean(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("told_at", Moment()),
        sa.PrimaryKeyConstraint("id", name="pk_news"),
    )
    op.create_index(
        "ix_news_untold",
        "news",
        ["contact_id"],
        sqlite_where=UNTOLD,
        postgresql_where=UNTOLD,
    )
    op.create_index("ix_news_contact", "news", ["contact_id"])


def downgrade() -> None:
    for table in (
        "news",
        "ticket_followers",
        "ticket_signatures",
        "ticket_drafts",
        "ticket_persons",
        "ticket_log",
        "ticket_counters",
        "tickets",
    ):
        op.drop_table(table)
