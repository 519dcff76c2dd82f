"""Templates as responses that let nothing foreign in."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from markupsafe import Markup

from admin.web.cookies import FIELD
from admin.web.forms import HERE as PAGE_FIELD
from admin.web.navigation import ways
from admin.web.texts import WORDING
from admin.web.visit import Visit, address
from bot import looks
from bot.clock import BANGKOK, local_date
from knowledge.agency import Agency
from knowledge.dates import written

HERE = Path(__file__).parent
STATIC = "/static/admin/"
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": looks.policy("'none'"),
    "X-Frame-Options": "DENY",
    **looks.HEADERS,
}


def page(visit: Visit, template: str, *, status: int = 200, **values: Any) -> web.Response:
    """A template, with the visit itself and `say` at hand."""
    html = _templates.get_template(template).render(
        visit=visit,
        status=status,
        say=visit.say,
        done=_done(visit),
        kept=_kept(visit),
        ways=ways(visit),
        day=lambda when: written(_day(when), visit.language),
        moment=lambda when: moment(when, visit.language),
        **values,
    )
    return web.Response(text=html, content_type="text/html", status=status, headers=HEADERS)


def error_page(visit: Visit, status: int) -> web.Response:
    """What went wrong, and what to do."""
    name = f"e{status}"
    key = f"errors.{name}"
    if not WORDING.has(key):
        key = "errors.e500"
    return page(visit, "error_page.html", status=status, key=key)


def moment(when: datetime, language: str) -> str:
    """Day and time in Bangkok: `21 พ.ย. 2569 14:05 น.`, or `21 Nov 2026 14:05`."""
    here = when.astimezone(BANGKOK)
    return f"{written(here.date(), language)} {here:%H:%M}" + (" น." if language == "th" else "")


def _day(when: date | datetime) -> date:
    """A day as it is; of a moment the one in Bangkok."""
    return local_date(when) if isinstance(when, datetime) else when


def _done(visit: Visit) -> str:
    """What the page before says was done."""
    name = visit.request.query.get("done", "")
    key = f"done.{name}"
    is_known = visit.request.method == "GET" and WORDING.has(key)
    return visit.say(key) if is_known else ""


def _kept(visit: Visit) -> list[str]:
    """What was typed on this page when the login ended, whatever became of its form."""
    kept: Any = visit.login.kept if visit.login and visit.request.method == "GET" else None
    if not kept or kept["page"].partition("?")[0] != visit.request.path:
        return []
    return [value for _, value in kept["fields"]]


def unit_name(agency: Agency, unit_id: str, language: str) -> str:
    """A unit's name; its id where the profile has no such unit any more."""
    unit = agency.unit(unit_id)
    return unit.name(language) if unit else unit_id


def form_mark(visit: Visit) -> Markup:
    """The hidden fields that every form must carry."""
    return Markup(
        '<input type="hidden" name="{}" value="{}"><input type="hidden" name="{}" value="{}">'
    ).format(FIELD, visit.mark, PAGE_FIELD, visit.path)


_templates = looks.templates(HERE, STATIC)
_templates.globals |= {
    "form_mark": form_mark,
    "address": address,
    "unit_name": unit_name,
}
