"""A file that staff add to a form: opened, put away and written down before anything is done."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from aiohttp.web import FileField

from admin import attachments, fetches
from admin.attachments import Attachment
from admin.media import Reason, Unfit
from admin.pictures import Fit, fit
from admin.unpacking import unpacked
from admin.web.visit import Visit

_BY_STAFF: Final = "staff"


async def keep(
    visit: Visit,
    field: FileField,
    *,
    mark: str,
    subject: str,
    fitting: Callable[[bytes, str], Fit] = fit,
    holds: bool = False,
) -> Attachment:
    """Keep a file under a mark that says what it is for; raises Unfit.

    Without `holds` it is gone in a day, if nothing has come to need it.
    """
    content = await asyncio.to_thread(field.file.read)
    if len(content) > visit.equipment.settings.max_file:
        raise Unfit(Reason.TOO_BIG)
    found = await unpacked(partial(fitting, content, field.filename))
    store = visit.equipment.files
    await store.put(found.content)  # before the transaction: nobody waits for the disk in it
    async with visit.write() as session:
        row = await fetches.add(
            session,
            store,
            found,
            account=f"{visit.agency.slug}/{_BY_STAFF}",
            kind="image" if found.media_type.startswith("image/") else "file",
            name=field.filename,
            now=visit.now,
            message_id=mark,
        )
        if holds:
            await attachments.hold(session, [row.id])
        await visit.record(session, "attachment.added", subject, {"attachment": row.id})
    return row
