"""Entries and phrasings that staff propose to keep.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

from bot.db import Document, Moment

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "entry_proposals",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("what", sa.String(12), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("content", Document, nullable=False),
        sa.Column("ticket_id", NUMBER, sa.ForeignKey("tickets.id", ondelete="SET NULL")),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("proposer", sa.String(200), nullable=False),
        sa.Column("proposed_at", Moment(), nullable=False),
        sa.Column("decided_by", sa.Integer()),
        sa.Column("decider", sa.String(200)),
        sa.Column("decided_at", Moment()),
        sa.Column("reason", sa.String()),
        sa.PrimaryKeyConstraint("id", name="pk_entry_proposals"),
    )
    op.create_index("ix_entry_proposals_agency", "entry_proposals", ["agency", "state", "id"])
    op.create_index("ix_entry_proposals_ticket", "entry_proposals", ["ticket_id"])


def downgrade() -> None:
    op.drop_table("entry_proposals")
