"""When a subscriber changed how often they are told.

Revision: 0013, after 0012
"""

import sqlalchemy as sa
from alembic import op

from bot.db import Moment

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscribers", sa.Column("moved_at", Moment()))


def downgrade() -> None:
    op.drop_column("subscribers", "moved_at")
