"""What was begun in a chat and left: forgotten when its time is over, though nobody comes back."""

from datetime import datetime

import msgspec
from msgspec.structs import replace
from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin import attachments
from bot.tables import ContactRow
from handlers.drafts import KEPT_FOR
from handlers.remembered import kept

_AT_ONCE = 500


async def forget(session: AsyncSession, now: datetime, before: datetime) -> int:
    """Forget some reports that were never sent, and questions asked before then; how many.

    Whoever is being answered just now is left for the next time.
    """
    draft, question = (ContactRow.state[name].as_string() for name in ("draft", "question"))
    left = or_(
        and_(draft.is_not(None), ContactRow.seen_at < now - KEPT_FOR),
        and_(question.is_not(None), ContactRow.seen_at < before),
    )
    some = select(ContactRow).where(left).limit(_AT_ONCE).with_for_update(skip_locked=True)
    rows = (await session.scalars(some)).all()
    for row in rows:
        state = kept(row)
        if state.draft is not None and row.seen_at < now - KEPT_FOR:
            await attachments.let_go(session, state.draft.files)
            state = replace(state, draft=None)
        if row.seen_at < before:
            state = replace(state, question=None)
        row.state = msgspec.to_builtins(state)
    return len(rows)
