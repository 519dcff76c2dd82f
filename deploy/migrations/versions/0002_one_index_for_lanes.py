"""One index of the inbox finds both a contact's next event and all its messages.

Revision: 0002, after 0001
"""

from alembic import op
from sqlalchemy import text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_inbox_contact_message", "inbox")
    op.drop_index("ix_inbox_lane", "inbox")
    op.create_index("ix_inbox_lane", "inbox", ["contact_id", "done_at", "order_key", "id"])


def downgrade() -> None:
    open_only = text("done_at IS NULL")
    op.drop_index("ix_inbox_lane", "inbox")
    op.create_index(
        "ix_inbox_lane",
        "inbox",
        ["contact_id", "order_key", "id"],
        sqlite_where=open_only,
        postgresql_where=open_only,
    )
    op.create_index("ix_inbox_contact_message", "inbox", ["contact_id", "message_id"])
