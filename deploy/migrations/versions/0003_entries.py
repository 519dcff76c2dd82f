"""Agencies' entries with their versions, names and confirmed questions.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bot.db import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "entries",
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", DOCUMENT, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.Column("seed", sa.String(32)),
        sa.Column("changed_by", sa.String(100), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("verified_on", sa.Date()),
        sa.PrimaryKeyConstraint("agency", "key", name="pk_entries"),
    )
    op.create_table(
        "entry_versions",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by", sa.String(100), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("content", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_entry_versions"),
        sa.UniqueConstraint(
            "agency", "key", "version", name="uq_entry_versions_agency_key_version"
        ),
    )
    op.create_index("ix_entry_versions_agency_at", "entry_versions", ["agency", "at"])
    op.create_table(
        "entry_names",
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("old", sa.String(40), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("agency", "old", name="pk_entry_names"),
    )
    op.create_table(
        "confirmed_questions",
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("by", sa.String(100), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("agency", "text", name="pk_confirmed_questions"),
    )
    op.create_table(
        "knowledge_versions",
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("agency", name="pk_knowledge_versions"),
    )


def downgrade() -> None:
    for table in (
        "knowledge_versions",
        "confirmed_questions",
        "entry_names",
        "entry_versions",
        "entries",
    ):
        op.drop_table(table)
