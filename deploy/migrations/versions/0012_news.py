"""Subscriptions, announcements, and their mailings; requests that go to many.

Revision: 0012, after 0011
"""

import sqlalchemy as sa
from alembic import op

from bot.db import Document, Moment

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("done_at IS NULL")
BULK = sa.text("bulk IS NOT NULL")
UNENDED = sa.text("ended_at IS NULL")
RIDES = sa.text("mailing_id IS NOT NULL")
RIDING = sa.text("fate = 'riding'")


def to(table: str, column: str = "id") -> sa.ForeignKey:
    """A key of a row that takes this one with it."""
    return sa.ForeignKey(f"{table}.{column}", ondelete="CASCADE")


def outbox_indexes() -> None:
    """A batch on SQLite makes the table anew, and forgets what an index leaves out."""
    for name, columns, where in (
        ("ix_outbox_open", ["contact_id", "id"], OPEN),
        ("ix_outbox_due", ["account", "due_at"], OPEN),
        ("ix_outbox_contact", ["contact_id", "id"], None),
        ("ix_outbox_done_at", ["done_at"], None),
    ):
        op.create_index(name, "outbox", columns, sqlite_where=where, postgresql_where=where)


def drop_outbox_indexes() -> None:
    for name in ("open", "due", "contact", "done_at"):
        op.drop_index(f"ix_outbox_{name}", "outbox")


def upgrade() -> None:
    drop_outbox_indexes()
    with op.batch_alter_table("outbox") as outbox:
        outbox.alter_column("contact_id", existing_type=sa.Uuid(), nullable=True)
        outbox.add_column(sa.Column("bulk", sa.Uuid()))
        outbox.add_column(sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false()))
        outbox.add_column(sa.Column("tried_at", Moment()))
    outbox_indexes()
    op.create_index("ix_outbox_bulk", "outbox", ["bulk"], sqlite_where=BULK, postgresql_where=BULK)
    op.create_table(
        "counted_months",
        sa.Column("account", sa.String(52), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "month", name="pk_counted_months"),
    )
    op.create_table(
        "subscribers",
        sa.Column("contact_id", sa.Uuid(), to("contacts"), nullable=False),
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("frequency", sa.String(8), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("paused_at", Moment()),
        sa.PrimaryKeyConstraint("contact_id", name="pk_subscribers"),
    )
    op.create_index(
        "ix_subscribers_lot", "subscribers", ["agency", "channel", "language", "contact_id"]
    )
    op.create_table(
        "subscriptions",
        sa.Column("contact_id", sa.Uuid(), to("subscribers", "contact_id"), nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("area", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "topic", "area", name="pk_subscriptions"),
    )
    announcements()
    mailings()
    op.add_column("news", sa.Column("mailing_id", NUMBER))
    op.create_index(
        "ix_news_mailing",
        "news",
        ["mailing_id", "contact_id"],
        sqlite_where=RIDES,
        postgresql_where=RIDES,
    )


def announcements() -> None:
    op.create_table(
        "announcements",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("content", Document, nullable=False),
        sa.Column("relation", sa.String(10)),
        sa.Column("first_id", NUMBER, to("announcements")),
        sa.Column("signatures", Document, nullable=False),
        sa.Column("cleared", Document, nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("reason", sa.String()),
        sa.Column("starts_at", Moment()),
        sa.Column("posted_at", Moment()),
        sa.Column("edited_at", Moment()),
        sa.Column("ended_at", Moment()),
        sa.Column("next_at", Moment()),
        sa.PrimaryKeyConstraint("id", name="pk_announcements"),
    )
    for name, columns in (
        ("agency", ["agency", "state", "id"]),
        ("posted", ["agency", "posted_at"]),
        ("first", ["first_id"]),
        ("starts", ["state", "starts_at"]),
    ):
        op.create_index(f"ix_announcements_{name}", "announcements", columns)


def mailings() -> None:
    op.create_table(
        "mailings",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("announcement_id", NUMBER, to("announcements")),
        sa.Column("frequency", sa.String(8)),
        sa.Column("since", Moment()),
        sa.Column("until", Moment()),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("why", sa.String(8)),
        sa.Column("shortfall", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("beat_at", Moment(), nullable=False),
        sa.Column("started_at", Moment()),
        sa.Column("ended_at", Moment()),
        sa.PrimaryKeyConstraint("id", name="pk_mailings"),
        sa.UniqueConstraint("key", name="uq_mailings_key"),
    )
    op.create_index(
        "ix_mailings_digest", "mailings", ["agency", "channel", "frequency", "until"]
    )
    op.create_index("ix_mailings_announcement", "mailings", ["announcement_id"])
    op.create_index("ix_mailings_agency", "mailings", ["agency", "id"])
    op.create_index(
        "ix_mailings_unended", "mailings", ["id"], sqlite_where=UNENDED, postgresql_where=UNENDED
    )
    op.create_table(
        "mailing_lots",
        sa.Column("mailing_id", NUMBER, to("mailings"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("replies", Document, nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("mailing_id", "number", name="pk_mailing_lots"),
    )
    op.create_table(
        "mailing_contents",
        sa.Column("mailing_id", NUMBER, to("mailings"), nullable=False),
        sa.Column("lot", sa.Integer(), nullable=False),
        sa.Column("announcement_id", NUMBER, to("announcements"), nullable=False),
        sa.PrimaryKeyConstraint(
            "mailing_id", "lot", "announcement_id", name="pk_mailing_contents"
        ),
    )
    op.create_index("ix_mailing_contents_announcement", "mailing_contents", ["announcement_id"])
    op.create_table(
        "mailing_recipients",
        sa.Column("mailing_id", NUMBER, to("mailings"), nullable=False),
        sa.Column("contact_id", sa.Uuid(), to("contacts"), nullable=False),
        sa.Column("lot", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("fate", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("mailing_id", "contact_id", name="pk_mailing_recipients"),
    )
    op.create_index(
        "ix_mailing_recipients_page", "mailing_recipients", ["mailing_id", "lot", "page"]
    )
    op.create_index("ix_mailing_recipients_contact", "mailing_recipients", ["contact_id"])
    op.create_index(
        "ix_mailing_recipients_riding",
        "mailing_recipients",
        ["mailing_id"],
        sqlite_where=RIDING,
        postgresql_where=RIDING,
    )


def downgrade() -> None:
    op.drop_index("ix_news_mailing", "news")
    with op.batch_alter_table("news") as news:
        news.drop_column("mailing_id")
    for table in (
        "mailing_recipients",
        "mailing_contents",
        "mailing_lots",
        "mailings",
        "announcements",
        "subscriptions",
        "subscribers",
        "counted_months",
    ):
        op.drop_table(table)
    op.execute("DELETE FROM outbox WHERE bulk IS NOT NULL")
    op.drop_index("ix_outbox_bulk", "outbox")
    drop_outbox_indexes()
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_column("tried_at")
        outbox.drop_column("held")
        outbox.drop_column("bulk")
        outbox.alter_column("contact_id", existing_type=sa.Uuid(), nullable=False)
    outbox_indexes()
