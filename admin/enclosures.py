"""Enclosures: files that staff send to a citizen with their words, and the links to them."""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin import attachments
from admin.attachments import OWN, Attachment, Status
from admin.logbook import LogLine
from admin.tickets import Ticket
from bot.clock import local_date
from bot.messages import File
from bot.tables import ContactRow
from knowledge.agency import Agency
from knowledge.dates import written

MOST: Final = 5
"""Files of one message."""
VALID_FOR: Final = timedelta(days=90)
LINE, TELEGRAM = "line", "telegram"
OUTSIDE: Final = "?openExternalBrowser=1"
"""LINE's own browser keeps no file: the link opens in the phone's.

https://developers.line.biz/en/docs/line-login/using-line-url-scheme/
"""
_TOKEN = re.compile(r"([0-9a-f]{1,16})-([0-9a-f]{1,6})-([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and reads the links; whoever has one may open the file, until its last day is over."""

    key: bytes = field(repr=False)
    address: str
    """Where the pages of this installation are found; empty where nobody has said."""

    def of(self, file: Attachment, channel: str, today: date) -> str | None:
        """Where who writes on this channel finds a file; None where no link would open.

        The page of the web chat is ours: there the path alone is enough.
        """
        path = f"/{file.agency}/files/{self.token(file.agency, file.id, today + VALID_FOR)}"
        if self.address:
            return self.address.rstrip("/") + path + (OUTSIDE if channel == LINE else "")
        return path if channel == OWN else None

    def token(self, agency: str, number: int, until: date) -> str:
        """The part of a link that nobody can guess or change."""
        day = until.toordinal()
        return f"{number:x}-{day:x}-{self._mac(agency, number, day)}"

    def read(self, agency: str, token: str, today: date) -> int | None:
        """The attachment that a token opens; None where it is false or over."""
        found = _TOKEN.fullmatch(token)
        if found is None:
            return None
        number, day = int(found[1], 16), int(found[2], 16)
        is_ours = hmac.compare_digest(self._mac(agency, number, day), found[3])
        return number if is_ours and day >= today.toordinal() else None

    def _mac(self, agency: str, number: int, day: int) -> str:
        """128 bits over everything that a link says."""
        text = f"enclosure {agency} {number} {day}".encode()
        return hmac.new(self.key, text, "sha256").hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Sent:
    """The files that staff sent with a line's words and that are still kept."""

    agency: Agency
    rows: Sequence[Attachment]
    links: Links | None
    today: date

    @property
    def files(self) -> tuple[File, ...]:
        """As a reply carries them."""
        return tuple(File(row.sha256 or "", row.download_name) for row in self.rows)

    def listed(self, channel: str, language: str) -> str:
        """In the words of a message; empty where they come by themselves (Telegram)."""
        if not self.rows or channel == TELEGRAM:
            return ""
        found = self.urls(channel, self.today)
        say = self.agency.wording.say
        if all(url for _, url in found):
            until = written(self.today + VALID_FOR, language)
            title = say("news.files", language, until=until)
        else:
            title = say("news.files_unlinked", language)
        lines = [f"• {name}\n{url}" if url else f"• {name}" for name, url in found]
        return "\n".join([title, *lines])

    def urls(self, channel: str, today: date) -> list[tuple[str, str | None]]:
        """Each file's name, and a link of that day where one would open."""
        links = self.links
        return [
            (row.download_name, links.of(row, channel, today) if links else None)
            for row in self.rows
        ]


async def sent(session: AsyncSession, agency: Agency, line: LogLine, links: Links | None) -> Sent:
    """What goes with a line; nothing where a citizen wrote it."""
    numbers = line.attachments if line.staff_id is not None else ()
    found = await attachments.of(session, numbers) if numbers else ()
    rows = [row for row in found if row.status == Status.KEPT]
    return Sent(agency, rows, links, local_date(line.at))


async def reaches(session: AsyncSession, ticket: Ticket, links: Links) -> bool:
    """Whether who brought a matter would get a file; LINE needs an address for its link."""
    if links.address or ticket.contact_id is None:
        return True
    channel = select(ContactRow.channel).where(ContactRow.id == ticket.contact_id)
    return await session.scalar(channel) in {OWN, TELEGRAM, None}
