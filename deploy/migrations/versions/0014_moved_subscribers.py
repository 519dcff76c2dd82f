"""When a subscriber changed how often they are told.

Revision: 0014, after 0013
"""

import sqlalchemy as sa
from alembic import op

from bot.db import Moment

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscribers", sa.Column("moved_at", Moment()))


def downgrade() -> None:
    op.drop_column("subscribers", "moved_at")
