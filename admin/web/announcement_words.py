"""The words of an announcement's files, looked through for personal data (A4)."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

from admin import announcement_checks, attachments
from admin.announcements import Content
from admin.web.visit import Visit
from knowledge import redaction
from knowledge.redaction import Personal

READ: Final = ("text/plain", "text/csv")
"""What holds nothing but words; other files are looked at by whoever approves."""
MOST: Final = 200_000
"""Letters of a file that are looked through; whoever approves opens all of it in any case."""


async def personal(visit: Visit, content: Content) -> Mapping[str, Counter[Personal]]:
    """By the digest of each file that holds words alone: how much of what kind is in it (A4)."""
    async with visit.read() as session:
        rows = await attachments.of(session, [number for number, _, _ in content.files])
    own = announcement_checks.published(visit.agency)
    found: dict[str, Counter[Personal]] = {}
    for row in rows:
        if row.media_type not in READ or row.sha256 is None:
            continue
        words = await visit.equipment.files.get(row.sha256)
        kinds = await asyncio.to_thread(_kinds, words or b"", own)
        if kinds:
            found[row.sha256] = kinds
    return found


def _kinds(content: bytes, own: Collection[str]) -> Counter[Personal]:
    lines = _read(content)[:MOST].splitlines()
    return Counter(one.kind for line in lines for one in redaction.found(line, own))


def _read(content: bytes) -> str:
    """Thai texts come in UTF-8, in UTF-16 with its mark, or as Windows wrote them before."""
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode("cp874", "replace")
