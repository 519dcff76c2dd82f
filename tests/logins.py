"""Logins of staff, as a right password and a right code leave them."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from admin import sessions
from admin.staff import Staff


async def logged_in(
    session: AsyncSession, person: Staff, key: bytes, now: datetime, *, agent: str = ""
) -> str:
    """The token of a new login, both steps shown."""
    token = sessions.new_token()
    digest = sessions.digest_of(key, token)
    await sessions.open_session(
        session, person, digest=digest, agent=agent, is_whole=True, kept=None, now=now
    )
    return token
