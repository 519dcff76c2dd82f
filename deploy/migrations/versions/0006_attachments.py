"""Files that citizens and staff send.

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

from bot.db import Moment

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DUE = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("contact_id", sa.Uuid(), sa.ForeignKey("contacts.id", ondelete="SET NULL")),
        sa.Column("account", sa.String(52), nullable=False),
        sa.Column("platform_id", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(128)),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(80)),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(16)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", Moment()),
        sa.Column("size", sa.Integer()),
        sa.Column("media_type", sa.String(80)),
        sa.Column("sha256", sa.String(64)),
        sa.Column("latitude", sa.Double()),
        sa.Column("longitude", sa.Double()),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("kept_at", Moment()),
        sa.PrimaryKeyConstraint("id", name="pk_attachments"),
    )
    op.create_index(
        "ix_attachments_due_at",
        "attachments",
        ["due_at"],
        sqlite_where=DUE,
        postgresql_where=DUE,
    )
    op.create_index("ix_attachments_contact_message", "attachments", ["contact_id", "message_id"])
    op.create_index("ix_attachments_sha256", "attachments", ["sha256"])
    op.create_index("ix_attachments_received_at", "attachments", ["received_at"])


def downgrade() -> None:
    op.drop_table("attachments")
