"""What citizens say is wrong with an answer is a ticket now.

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

from bot.db import Moment

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.drop_table("answer_reports")


def downgrade() -> None:
    op.create_table(
        "answer_reports",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("entry", sa.String(40), nullable=False),
        sa.Column(
            "contact_id",
            sa.Uuid(),
            sa.ForeignKey(
                "contacts.id",
                name="fk_answer_reports_contact_id_contacts",
                ondelete="CASCADE",
            ),
            nullable=False,
        ),
        sa.Column("message_id", sa.String(128)),
        sa.Column("text", sa.String()),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_answer_reports"),
    )
    op.create_index("ix_answer_reports_agency_at", "answer_reports", ["agency", "at"])
    op.create_index(
        "ix_answer_reports_contact_message", "answer_reports", ["contact_id", "message_id"]
    )
