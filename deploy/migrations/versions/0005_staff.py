"""Staff: their accounts, roles, logins and one-time links.

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

from bot.db import Document, Moment

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def person(*, nullable: bool = False) -> sa.Column[object]:
    """Whose it is; it goes when the person goes."""
    return sa.Column(
        "staff_id", NUMBER, sa.ForeignKey("staff.id", ondelete="CASCADE"), nullable=nullable
    )


def upgrade() -> None:
    op.create_table(
        "staff",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("password", sa.String(200)),
        sa.Column("second_factor", sa.String(64)),
        sa.Column("last_step", NUMBER),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("disabled_at", Moment()),
        sa.PrimaryKeyConstraint("id", name="pk_staff"),
        sa.UniqueConstraint("email", name="uq_staff_email"),
    )
    op.create_table(
        "staff_memberships",
        sa.Column("id", NUMBER, nullable=False),
        person(),
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("unit", sa.String(40)),
        sa.Column("valid_from", sa.Date()),
        sa.Column("valid_until", sa.Date()),
        sa.Column("acting_for", sa.String(120)),
        sa.PrimaryKeyConstraint("id", name="pk_staff_memberships"),
    )
    op.create_index("ix_staff_memberships_staff_id", "staff_memberships", ["staff_id"])
    op.create_index("ix_staff_memberships_agency", "staff_memberships", ["agency"])
    op.create_table(
        "staff_recovery_codes",
        sa.Column("id", NUMBER, nullable=False),
        person(),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("used_at", Moment()),
        sa.PrimaryKeyConstraint("id", name="pk_staff_recovery_codes"),
        sa.UniqueConstraint("staff_id", "digest", name="uq_staff_recovery_codes_staff_id_digest"),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        person(),
        sa.Column("agent", sa.String(60), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("kept", Document),
        sa.PrimaryKeyConstraint("id", name="pk_staff_sessions"),
        sa.UniqueConstraint("digest", name="uq_staff_sessions_digest"),
    )
    op.create_index("ix_staff_sessions_staff_id", "staff_sessions", ["staff_id"])
    op.create_index("ix_staff_sessions_expires_at", "staff_sessions", ["expires_at"])
    op.create_table(
        "staff_invitations",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        person(nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staff_invitations"),
        sa.UniqueConstraint("digest", name="uq_staff_invitations_digest"),
    )
    op.create_index("ix_staff_invitations_staff_id", "staff_invitations", ["staff_id"])
    op.create_table(
        "staff_login_tries",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", Moment(), nullable=False),
        sa.Column("locked_until", Moment()),
        sa.PrimaryKeyConstraint("key", name="pk_staff_login_tries"),
    )


def downgrade() -> None:
    for table in (
        "staff_login_tries",
        "staff_invitations",
        "staff_sessions",
        "staff_recovery_codes",
        "staff_memberships",
        "staff",
    ):
        op.drop_table(table)
