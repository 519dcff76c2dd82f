"""What citizens say of answers: votes and reports.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

from bot.db import Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def contact() -> sa.Column[object]:
    """Whose it is; it goes when the contact goes."""
    return sa.Column(
        "contact_id", sa.Uuid(), sa.ForeignKey("contacts.id", ondelete="CASCADE"), nullable=False
    )


def upgrade() -> None:
    op.create_table(
        "answer_votes",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("entry", sa.String(40), nullable=False),
        sa.Column("version", sa.Date(), nullable=False),
        contact(),
        sa.Column("useful", sa.Boolean(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_answer_votes"),
        sa.UniqueConstraint(
            "contact_id", "entry", "version", name="uq_answer_votes_contact_id_entry_version"
        ),
    )
    op.create_index("ix_answer_votes_agency_entry", "answer_votes", ["agency", "entry"])
    op.create_table(
        "answer_reports",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("entry", sa.String(40), nullable=False),
        contact(),
        sa.Column("message_id", sa.String(128)),
        sa.Column("text", sa.String()),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_answer_reports"),
    )
    op.create_index("ix_answer_reports_agency_at", "answer_reports", ["agency", "at"])
    op.create_index(
        "ix_answer_reports_contact_message", "answer_reports", ["contact_id", "message_id"]
    )


def downgrade() -> None:
    for table in ("answer_reports", "answer_votes"):
        op.drop_table(table)
