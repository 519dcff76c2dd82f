"""What the bot had no answer to, like questions together, each a step away from an entry."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from admin.moves import HANDLERS
from admin.questions import Question, badly_answered
from admin.web.access import Route
from admin.web.pages import page
from admin.web.questions import nearest
from admin.web.visit import Visit
from knowledge.agency import Entry
from knowledge.clusters import Cluster, cluster
from knowledge.matching import Decision

READ = 500
"""Questions that are put together, the newest; their personal numbers are masked."""
SHOWN = 30
"""Groups of them."""
OTHERS = 5
"""Further questions shown of a group, and taken along as phrasings."""


@dataclass(frozen=True, slots=True)
class Group:
    """Questions about one matter."""

    cluster: Cluster
    newest: Question
    others: Sequence[str]
    ids: str
    """The questions that a proposal begins with, as the address of its form names them."""
    near: Sequence[tuple[Entry, int]]


async def listing(visit: Visit) -> web.StreamResponse:
    """The groups, the largest first."""
    async with visit.read() as session:
        found = await badly_answered(session, visit.agency.slug, limit=READ)
    groups = await asyncio.to_thread(cluster, [one.text or "" for one in found])
    missing = await asyncio.to_thread(_still_missing, visit, groups)
    shown = [await _group(visit, one, found) for one in missing]
    count = sum(one.count for one in missing)
    return page(visit, "question_unanswered.html", groups=shown, count=count)


def _still_missing(visit: Visit, groups: Sequence[Cluster]) -> list[Cluster]:
    """The groups, without those that an entry answers by now."""
    served = visit.equipment.served(visit.agency.slug)
    found = []
    for one in groups:
        if served and served.matcher.match(one.example).decision is not Decision.ANSWER:
            found.append(one)
        if len(found) == SHOWN:
            break
    return found


async def _group(visit: Visit, one: Cluster, found: Sequence[Question]) -> Group:
    by_words = {found[place].text or "": found[place].id for place in reversed(one.members)}
    others = [words for words in by_words if words != one.example][:OTHERS]
    ids = [by_words[words] for words in (one.example, *others)]
    return Group(
        one,
        max((found[place] for place in one.members), key=lambda question: question.id),
        others,
        "-".join(map(str, ids)),
        (await nearest(visit, one.example))[:1],
    )


ROUTES = (Route("GET", "/admin/{slug}/questions/unanswered", listing, HANDLERS),)
