"""The files of an announcement: kept when they are added, seen by staff before it goes out."""

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from admin import attachments
from admin.announcements import MOST_FILES
from admin.attachments import Attachment
from admin.downloads import file_response
from admin.media import Reason, Unfit
from admin.pictures import Fit, fit
from admin.scans import is_scan, scan
from admin.web.access import AGENCY_STAFF, Route
from admin.web.announcements import HERE, found
from admin.web.forms import number_of, numbers_of
from admin.web.keeping import keep
from admin.web.visit import Visit

FAULTS: Final = {Reason.TOO_BIG: "announce.file_big", Reason.KIND: "announce.file_kind"}

Files = tuple[tuple[int, str, str], ...]


async def taken(visit: Visit, before: Files) -> tuple[Files, str]:
    """The files that the draft has now, and a text for those that could not be kept.

    Those ticked stay; new ones are kept at once, and nobody has to choose them again.
    """
    stay = await _ticked(visit, before)
    fields = visit.form.files("files")
    room = MOST_FILES - len(stay)
    fault = visit.say("announce.many_files") if len(fields) > room else ""
    kept: list[Attachment] = []
    mark = _mark(visit)
    for field in fields[:room]:
        try:
            kept.append(await keep(visit, field, mark=mark, subject=mark, fitting=_fit, holds=True))
        except Unfit as unfit:
            key = FAULTS.get(unfit.reason, "announce.file_damaged")
            size = visit.equipment.settings.max_file_mb
            fault = f"{field.filename[:80]}: {visit.say(key, size=size)}"
    return (*stay, *((row.id, row.sha256 or "", row.download_name) for row in kept)), fault


async def _ticked(visit: Visit, before: Files) -> Files:
    """Those of the draft, and those that came with a form that was refused for something else."""
    ticked = numbers_of(visit.form.texts("keep"))
    named = {one[0]: one for one in before}
    async with visit.read() as session:
        rows = await attachments.of(session, ticked)
    stay = [
        named.get(row.id) or (row.id, row.sha256 or "", row.download_name)
        for row in rows
        if row.id in named or (row.agency == visit.agency.slug and row.message_id == _mark(visit))
    ]
    return tuple(stay[:MOST_FILES])


def _mark(visit: Visit) -> str:
    """For which announcement a file was added: no other can take it."""
    return f"announcement:{visit.request.match_info['number']}"


def _fit(content: bytes, name: str) -> Fit:
    """A scan stays a scan, as the agency's rule names it (C6); all else as anywhere."""
    return scan(content) if is_scan(content) else fit(content, name)


async def file(visit: Visit) -> web.StreamResponse:
    """One file of an announcement, by its place in the list."""
    place = number_of(visit.request.match_info["file"])
    async with visit.read() as session:
        files = (await found(visit, session)).content.files
        if not 0 < place <= len(files):
            raise web.HTTPNotFound
        rows: Sequence[Attachment] = await attachments.of(session, [files[place - 1][0]])
    if not rows or rows[0].agency != visit.agency.slug:
        raise web.HTTPNotFound
    return await file_response(rows[0], visit.equipment.files, download=not rows[0].is_picture)


ROUTES = (Route("GET", f"{HERE}/files/{{file}}", file, AGENCY_STAFF),)
