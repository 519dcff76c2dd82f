"""Which posts an operator gave to themselves, and nobody else has agreed to yet.

Revision: 0013, after 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    by_holder = sa.Column("by_holder", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("staff_memberships", by_holder)


def downgrade() -> None:
    with op.batch_alter_table("staff_memberships") as memberships:
        memberships.drop_column("by_holder")
