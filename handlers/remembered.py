"""What is remembered of a conversation as a message comes: not what is over, nor taken back."""

from datetime import datetime

import msgspec
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from admin import attachments
from admin.attachments import Status
from bot.messages import InboundMessage, Kind
from bot.tables import ContactRow
from handlers.conversation import State
from handlers.draft_messages import edited, without
from handlers.drafts import Said, is_over
from handlers.news_wishes import is_over as is_left

MOST_UNSENT = 5


async def state_of(
    session: AsyncSession, contact: ContactRow, message: InboundMessage, now: datetime
) -> State:
    """The state without what has waited too long, or stood in a message that was taken back."""
    state = await _without_taken(session, kept(contact), message)
    if state.draft is not None and is_over(state.draft, now):
        await attachments.let_go(session, state.draft.files)
        state = replace(state, draft=None)
    if state.wish is not None and is_left(state.wish, now):
        state = replace(state, wish=None)
    return state


def kept(contact: ContactRow) -> State:
    """What was written down last; nothing where an older version wrote it otherwise."""
    try:
        return msgspec.convert(contact.state, State)
    except msgspec.ValidationError:
        return State()


async def _without_taken(session: AsyncSession, state: State, message: InboundMessage) -> State:
    """The same without what an unsent message said, or with an edited one's new words."""
    taken = message.message_id if message.kind is Kind.UNSEND or message.edited else None
    if taken is None:
        return state
    draft, words = state.draft, (message.text or "").strip() if message.edited else ""
    if draft is not None:
        draft = edited(draft, Said(words, taken)) if words else without(draft, taken)
        files = await attachments.of(session, draft.files)
        left = tuple(file.id for file in files if file.status != Status.FORGOTTEN)
        draft = replace(draft, files=left)
    asked = state.question
    question = asked if asked and asked.message != taken else None
    new = () if message.edited else (taken,)
    unsent = (*state.unsent, *new)[-MOST_UNSENT:]
    return replace(state, draft=draft, question=question, unsent=unsent)
