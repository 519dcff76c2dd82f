"""Writing an announcement: begun from a template, saved, covered, copied, corrected."""

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

from admin import announcement_checks, announcing
from admin.announcement_checks import LONGEST
from admin.announcements import MOST_FILES, Announcement, Content, Relation, State
from admin.announcing import WRITERS, Refused
from admin.threads import story_of
from admin.web import announcement_files
from admin.web.access import MEBIBYTE, Route
from admin.web.announcement_form import (
    Typed,
    again,
    content_of,
    may_write,
    seen_at,
    template,
    typed_in,
    typed_of,
    units,
)
from admin.web.announcement_previews import as_sent, previews
from admin.web.announcements import HERE, PART, found, shown
from admin.web.pages import page
from admin.web.visit import Visit
from knowledge import redaction


async def kinds(visit: Visit) -> web.StreamResponse:
    """The kinds to begin with."""
    return page(visit, "announcement_new.html", kinds=visit.agency.newsroom.kinds.values())


async def begin(visit: Visit) -> web.StreamResponse:
    """A new draft from the template of a kind."""
    kind = visit.agency.newsroom.kinds.get(visit.form.text("kind"))
    own = units(visit)
    if kind is None or not own:
        raise web.HTTPNotFound
    topics = visit.agency.newsroom.topics
    topic = kind.topic if kind.topic in topics else next(iter(topics))
    async with visit.write() as session:
        content = template(kind, topic, own[0][0])
        made = await announcing.draft(session, visit.agency, content, visit.officer, visit.now)
    raise visit.go(visit.at(PART, made.id, "edit"))


async def edit(visit: Visit) -> web.StreamResponse:
    """The form of a draft."""
    async with visit.read() as session:
        it = await found(visit, session)
    if it.state is not State.DRAFT:
        raise visit.go(visit.at(PART, it.id))
    _must_write(visit, it)
    kept: dict[str, Any] = dict(visit.typed(visit.at(PART, it.id, "edit")))
    if "areas" in kept:
        kept["areas"] = [kept["areas"]]
    return await _form(visit, it, typed_of(it.content) | kept, seen=seen_at(it))


async def save(visit: Visit) -> web.StreamResponse:
    """Keep what was written; what cannot be kept comes back as it was typed."""
    typed = typed_in(visit)
    async with visit.read() as session:
        it = await found(visit, session)
    _must_write(visit, it)
    if it.state is not State.DRAFT:
        return await _form(visit, it, typed, seen="", fault=visit.say("announce.not_now"))
    files, file_fault = await announcement_files.taken(visit, it.content.files)
    content, faults = content_of(visit, typed, files)
    texts = {name: visit.say(key) for name, key in faults.items()}
    if file_fault:
        texts["files"] = file_fault
    trouble = ""
    if not faults:
        try:
            async with visit.write() as session:
                it = await found(visit, session, locks=True)
                seen = _seen(visit, it)
                await announcing.save(session, it, content, visit.officer, visit.now, seen=seen)
        except Refused as error:
            trouble = visit.say(error.key)
    if not trouble and not texts:
        raise visit.go(visit.at(PART, it.id), done="announcement_saved")
    seen_now = visit.form.text("seen", at_most=40) if trouble or faults else seen_at(it)
    return await _form(visit, it, typed, seen=seen_now, files=files, faults=texts, fault=trouble)


def _seen(visit: Visit, it: Announcement) -> Any:
    """The moment that the form was made for, as the row has it if nobody changed it since."""
    is_same = visit.form.text("seen", at_most=40) == seen_at(it)
    return it.changed_at if is_same else None


async def _form(
    visit: Visit,
    it: Announcement,
    typed: Typed,
    *,
    seen: str,
    files: announcement_files.Files | None = None,
    faults: Mapping[str, str] | None = None,
    fault: str = "",
) -> web.Response:
    agency, kind = visit.agency, visit.agency.newsroom.kinds.get(it.content.kind)
    async with visit.read() as session:
        story = await story_of(session, it)
    return page(
        visit,
        "announcement_form.html",
        status=422 if faults or fault else 200,
        it=it,
        here=visit.at(PART, it.id),
        typed=typed,
        seen=seen,
        files=it.content.files if files is None else files,
        faults=faults or {},
        fault=fault,
        kind=kind,
        room=agency.newsroom,
        units=units(visit),
        longest=LONGEST,
        most_files=MOST_FILES,
        checks=announcement_checks.faults(agency, it.content, visit.now),
        previews=previews(visit, as_sent(visit, it, story)),
    )


async def preview(visit: Visit) -> web.StreamResponse:
    """What is typed just now, as each channel would show it; nothing is kept."""
    async with visit.read() as session:
        it = await found(visit, session)
        story = await story_of(session, it)
    _must_write(visit, it)
    content, _ = content_of(visit, typed_in(visit), it.content.files)
    told = as_sent(visit, it, story, content=content)
    return page(visit, "announcement_previews.html", previews=previews(visit, told))


async def cover(visit: Visit) -> web.StreamResponse:
    """Put bars over one piece of personal data."""
    field, digest = visit.form.text("field"), visit.form.text("digest")
    try:
        async with visit.write() as session:
            it = await found(visit, session, locks=True)
            _must_write(visit, it)
            content = _covered(visit, it.content, field, digest)
            seen = it.changed_at
            await announcing.save(session, it, content, visit.officer, visit.now, seen=seen)
    except Refused as error:
        return await shown(visit, status=422, fault=visit.say(error.key))
    raise visit.go(visit.at(PART, it.id), done="covered")


def _covered(visit: Visit, content: Content, field: str, digest: str) -> Content:
    """Every place of the field where just these words stand; from the end, so that none moves."""
    for one in reversed(announcement_checks.found(visit.agency, content)):
        if one.field == field and one.digest == digest:
            is_link = field == "source_url"  # with a bar in it, it would lead nowhere
            plain = "" if is_link else redaction.redacted(getattr(content, field), one.finding)
            content = msgspec.structs.replace(content, **{field: plain})
    return content


async def copy(visit: Visit) -> web.StreamResponse:
    """A new draft with the same words."""
    async with visit.write() as session:
        it = await found(visit, session)
        _must_write(visit, it)
        content = again(it.content)
        made = await announcing.draft(session, visit.agency, content, visit.officer, visit.now)
    raise visit.go(visit.at(PART, made.id, "edit"), done="copied")


async def correct(visit: Visit) -> web.StreamResponse:
    """A new draft that corrects what was posted, for just those who got it."""
    async with visit.write() as session:
        it = await found(visit, session)
        _must_write(visit, it)
        if it.state is not State.POSTED or it.first_id is not None:
            raise visit.go(visit.at(PART, it.id))
        content = msgspec.structs.replace(it.content, send_at=None, recurs="")
        made = await announcing.draft(
            session,
            visit.agency,
            content,
            visit.officer,
            visit.now,
            relation=Relation.CORRECTION,
            first=it,
        )
    raise visit.go(visit.at(PART, made.id, "edit"), done="correcting")


def _must_write(visit: Visit, it: Announcement) -> None:
    if not may_write(visit, it.content.unit):
        raise web.HTTPForbidden


ALL = f"/admin/{{slug}}/{PART}"
ROUTES = (
    Route("GET", f"{ALL}/new", kinds, WRITERS),
    Route("POST", f"{ALL}/new", begin, WRITERS),
    Route("GET", f"{HERE}/edit", edit, WRITERS),
    Route("POST", f"{HERE}/edit", save, WRITERS, at_most=101 * MEBIBYTE),
    Route("POST", f"{HERE}/preview", preview, WRITERS, at_most=101 * MEBIBYTE),
    Route("POST", f"{HERE}/cover", cover, WRITERS),
    Route("POST", f"{HERE}/copy", copy, WRITERS),
    Route("POST", f"{HERE}/correct", correct, WRITERS),
)
