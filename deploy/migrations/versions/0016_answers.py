"""What answers somebody is read from an index of its own, the longest due first.

Revision: 0016, after 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    drop("due", "done_at")
    create("answers", ["due_at", "id", "account"], "done_at IS NULL AND bulk IS NULL")
    create("many", ["account", "due_at"], "done_at IS NULL AND bulk IS NOT NULL")
    create("done_at", ["done_at"], "done_at IS NOT NULL")


def downgrade() -> None:
    drop("answers", "many", "done_at")
    create("due", ["account", "due_at"], "done_at IS NULL")
    create("done_at", ["done_at"], None)


def create(name: str, columns: list[str], where: str | None) -> None:
    condition = None if where is None else sa.text(where)
    op.create_index(
        f"ix_outbox_{name}",
        "outbox",
        columns,
        sqlite_where=condition,
        postgresql_where=condition,
    )


def drop(*names: str) -> None:
    for name in names:
        op.drop_index(f"ix_outbox_{name}", "outbox")
