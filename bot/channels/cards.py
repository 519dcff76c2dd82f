"""What the renderers of all platforms show of a card."""

from urllib.parse import quote, urlsplit, urlunsplit

from bot.channels.splitting import is_blank, shorten
from bot.messages import Card

LINK_LABEL = 20
"""Units: https://developers.line.biz/en/reference/messaging-api/#uri-action"""
_LONGEST_URL = 1000


def facts(card: Card | None) -> list[tuple[str, str]]:
    """Label and value of each fact that has a value."""
    rows = card.facts if card else ()
    return [(label.strip(), value.strip()) for label, value in rows if not is_blank(value)]


def link(card: Card | None) -> tuple[str, str] | None:
    """Label and address of a card's link, if a platform can open it.

    The label is the agency's own word: that of the fact which names the source, else the source.
    """
    url = web_address(card.url) if card and card.url else None
    if card is None or url is None:
        return None
    named = (label for label, value in facts(card) if card.source and card.source in value)
    label = next(named, "") or card.source or urlsplit(url).hostname or url
    return shorten(label, LINK_LABEL), url


def web_address(url: str) -> str | None:
    """An https address written in ASCII, or None if this is none."""
    try:
        pieces = urlsplit(url.strip())
        host = (pieces.hostname or "").encode("idna").decode()
        port = f":{pieces.port}" if pieces.port else ""
    except ValueError:
        return None
    if pieces.scheme != "https" or "." not in host.strip(".") or pieces.username:
        return None
    path, query, fragment = (
        quote(piece, safe="/%:@!$&'()*+,;=~-._?")
        for piece in (pieces.path, pieces.query, pieces.fragment)
    )
    whole = urlunsplit(("https", host + port, path, query, fragment))
    return whole if len(whole) <= _LONGEST_URL else None
