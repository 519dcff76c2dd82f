"""The audit log, which the database itself keeps from being changed; the pages answers rest on.

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

from bot.db import Moment

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("details", sa.String(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
        sa.UniqueConstraint("agency", "seq", name="uq_audit_log_agency_seq"),
    )
    op.create_index("ix_audit_log_agency_subject", "audit_log", ["agency", "subject"])
    op.create_table(
        "audit_heads",
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("agency", name="pk_audit_heads"),
    )
    op.create_table(
        "source_pages",
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("looked_at", Moment(), nullable=False),
        sa.Column("checked", sa.String(64)),
        sa.Column("seen", sa.String(64)),
        sa.Column("etag", sa.String()),
        sa.Column("modified", sa.String()),
        sa.Column("gone_since", Moment()),
        sa.Column("away_since", Moment()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("agency", "url", name="pk_source_pages"),
    )
    not_ok = sa.text("state <> 'ok'")
    op.create_index(
        "ix_source_pages_not_ok",
        "source_pages",
        ["agency"],
        sqlite_where=not_ok,
        postgresql_where=not_ok,
    )
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_log_no_{what.lower()} BEFORE {what} ON audit_log "
                "BEGIN SELECT RAISE(ABORT, 'rows of audit_log are only ever added'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_log_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'rows of audit_log are only ever added'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_log_only_grows BEFORE UPDATE OR DELETE ON audit_log "
        "FOR EACH ROW EXECUTE FUNCTION audit_log_only_grows()"
    )


def downgrade() -> None:
    op.drop_table("source_pages")
    op.drop_table("audit_heads")
    op.drop_table("audit_log")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION audit_log_only_grows()")
