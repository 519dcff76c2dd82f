"""Browsing what the agency discloses (C8): headings, items, one item."""

from collections.abc import Sequence

from bot.messages import Choice, Reply
from handlers import menu
from handlers.conversation import Outcome, Turn, numbered
from knowledge.agency import CatalogueItem

VALUE = "cat"
WRONG = "outdated"
PAGE = 8


def headings(turn: Turn, page: int = 0) -> Outcome:
    """The groups of the catalogue. A group is named by its first item, so old buttons hold."""
    firsts: dict[str, CatalogueItem] = {}
    for item in turn.agency.catalogue:
        firsts.setdefault(item.group.th, item)
    offers = [Choice(i.group.of(turn.language), f"cat:{i.id}") for i in firsts.values()]
    title = turn.say("catalogue.title", agency=turn.name)
    back = turn.choice("menu.open", menu.VALUE)
    return _page(turn, title, offers, page, more="cat", back=back)


def group(turn: Turn, item_id: str, page: int = 0) -> Outcome:
    """The items under one heading."""
    first = turn.agency.item(item_id)
    if first is None:
        return _gone(turn)
    items = [item for item in turn.agency.catalogue if item.group.th == first.group.th]
    offers = [Choice(item.title.of(turn.language), f"item:{item.id}") for item in items]
    title = turn.say("catalogue.group", group=first.group.of(turn.language))
    back = turn.choice("catalogue.back", VALUE)
    return _page(turn, title, offers, page, more=f"cat:{item_id}", back=back)


def item(turn: Turn, item_id: str) -> Outcome:
    """One disclosure: clause, who keeps it, when it is updated, where it is."""
    found = turn.agency.item(item_id)
    if found is None:
        return _gone(turn)
    owner = turn.agency.unit(found.owner)
    when = turn.say(f"catalogue.{found.class_}", months=found.review_months)
    lines = [
        found.title.of(turn.language),
        f"{turn.say('catalogue.clause')} {found.clause} {turn.agency.profile.document.title_th}",
        f"{turn.say('catalogue.owner')}: {owner.name(turn.language) if owner else found.owner}",
        f"{turn.say('catalogue.when')}: {when}",
        f"{turn.say('catalogue.link')} {found.url}" if found.url else turn.say("catalogue.no_link"),
    ]
    first = next(i for i in turn.agency.catalogue if i.group.th == found.group.th)
    up = (
        Choice(found.group.of(turn.language), f"cat:{first.id}"),
        *(() if turn.message.group else (turn.choice("catalogue.wrong", f"{WRONG}:{found.id}"),)),
        turn.choice("catalogue.back", VALUE),
        turn.choice("menu.contact", "contact"),
    )
    return Outcome((Reply("\n".join(lines), up),))


def _gone(turn: Turn) -> Outcome:
    shown = headings(turn)
    return shown.after([Reply(turn.say("catalogue.gone"))])


def _page(
    turn: Turn, title: str, offers: Sequence[Choice], page: int, *, more: str, back: Choice
) -> Outcome:
    """Some of the choices, and a button for those after them."""
    shown = tuple(offers[page * PAGE : (page + 1) * PAGE])
    if not shown and page:
        return _page(turn, title, offers, 0, more=more, back=back)
    further: tuple[Choice, ...] = ()
    if len(offers) > (page + 1) * PAGE:
        further = (turn.choice("catalogue.more", f"{more}:p{page + 1}"),)
    return Outcome((Reply(numbered(title, shown), (*shown, *further, back)),))
