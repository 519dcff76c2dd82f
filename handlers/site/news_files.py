"""Files of posted announcements: those that were signed, byte for byte, and no others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from admin import attachments
from admin.announcements import Announcement
from admin.attachments import Attachment, Status
from admin.media import EXTENSIONS

KIBI = 1024


@dataclass(frozen=True, slots=True)
class FileShown:
    """A file of an announcement; without an address where it is not kept any more."""

    name: str
    href: str = ""
    kind: str = ""
    """`PDF`."""
    media_type: str = ""
    size: int = 0
    """Bytes."""

    @property
    def written_size(self) -> str:
        """`12 KB`, `3.4 MB`."""
        if self.size >= KIBI * KIBI:
            return f"{self.size / KIBI / KIBI:.1f} MB"
        return f"{-(-self.size // KIBI)} KB"


async def kept(session: AsyncSession, told: Iterable[Announcement]) -> Mapping[int, Attachment]:
    """The rows of all their files, by number."""
    ids = sorted({number for one in told for number, _, _ in one.content.files})
    return {row.id: row for row in await attachments.of(session, ids)} if ids else {}


def files_of(one: Announcement, rows: Mapping[int, Attachment]) -> list[FileShown]:
    """Its files, as many as were signed."""
    found = []
    for position, (number, digest, name) in enumerate(one.content.files, start=1):
        row = served(rows.get(number), one.agency, digest)
        if row is None:
            found.append(FileShown(name))
            continue
        kind = row.media_type or "application/octet-stream"
        where = f"/{one.agency}/news/{one.id}/files/{position}"
        ending = EXTENSIONS.get(kind, "").upper()
        found.append(FileShown(name, where, ending, kind, row.size or 0))
    return found


def served(row: Attachment | None, slug: str, digest: str) -> Attachment | None:
    """The file, where it is kept and is still just what was signed."""
    if row is None or row.agency != slug or row.status != Status.KEPT:
        return None
    return row if row.sha256 == digest else None
