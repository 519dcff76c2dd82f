"""Which accounts were reset is found at once in a long audit log.

Revision: 0015, after 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

IS_RESET = sa.text("what = 'staff.reset'")


def upgrade() -> None:
    op.create_index(
        "ix_audit_log_resets",
        "audit_log",
        ["agency", "at"],
        sqlite_where=IS_RESET,
        postgresql_where=IS_RESET,
    )


def downgrade() -> None:
    op.drop_index("ix_audit_log_resets", "audit_log")
