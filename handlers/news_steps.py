"""What is asked of who wants news, and what they are shown that they get."""

from collections.abc import Collection, Mapping, Sequence

from admin.subscriptions import Frequency
from bot.messages import Choice, Reply
from handlers import menu
from handlers.conversation import Turn, numbered
from handlers.news_wishes import Step, Wish
from knowledge.bulletins import Named

PAGE = 8
"""Topics or areas of one list: with the other buttons, LINE shows no more."""
HOW = {
    Frequency.AT_ONCE: "subscribe.now",
    Frequency.DAILY: "subscribe.daily",
    Frequency.WEEKLY: "subscribe.weekly",
}


def ask(turn: Turn, wish: Wish, step: Step, page: int = 0) -> Reply:
    """The question of a step, its answers, and the ways back and out."""
    if step is Step.TOPICS:
        return _topics(turn, wish, page)
    if step is Step.AREAS:
        return _areas(turn, wish, page)
    return _how(turn, wish)


def _topics(turn: Turn, wish: Wish, page: int) -> Reply:
    topics = turn.agency.newsroom.topics
    everything = turn.choice("subscribe.all", "news:all")
    listed, further = _listed(
        turn, topics, wish.topics, page, more="news:topics", add="news:topic", drop="news:stop"
    )
    shown = (*listed, everything)
    lines = [turn.say("subscribe.topics")]
    if wish.topics:
        lines.append(turn.say("subscribe.marked"))
    going_on = (turn.choice("subscribe.next", "news:next"),) if wish.topics else ()
    ways = (*further, *going_on, turn.choice("subscribe.latest", "news:latest"), _out(turn))
    return Reply(numbered("\n".join(lines), shown), (*shown, *ways))


def _areas(turn: Turn, wish: Wish, page: int) -> Reply:
    areas = turn.agency.newsroom.areas
    everywhere = turn.choice("subscribe.everywhere", "news:everywhere")
    chosen = wish.areas or ()
    listed, further = _listed(
        turn, areas, chosen, page, more="news:areas", add="news:area", drop="news:noarea"
    )
    shown = (*listed, everywhere)
    lines = [_about(turn, wish), turn.say("subscribe.areas")]
    if chosen:
        lines.append(turn.say("subscribe.marked"))
    going_on = (turn.choice("subscribe.next", "news:next"),) if chosen else ()
    back = turn.choice("subscribe.more_topics", "news:topics")
    return Reply(numbered("\n".join(lines), shown), (*shown, *further, *going_on, back, _out(turn)))


def _how(turn: Turn, wish: Wish) -> Reply:
    offers = tuple(turn.choice(HOW[one], f"news:how:{one}") for one in Frequency)
    has_areas = bool(turn.agency.newsroom.areas)
    lines = [_about(turn, wish)]
    if has_areas:
        lines.append(turn.say("subscribe.of_areas", areas=places(turn, wish)))
    lines.append(turn.say("subscribe.how"))
    ways = [turn.choice("subscribe.more_topics", "news:topics")]
    if has_areas:
        ways.insert(0, turn.choice("subscribe.more_areas", "news:areas"))
    return Reply(numbered("\n".join(lines), offers), (*offers, *ways, _out(turn)))


def question(turn: Turn) -> Reply:
    """Whether who blocked the account, and is back, wants the news again."""
    choices = (
        turn.choice("subscribe.yes_again", "news:again"),
        turn.choice("subscribe.not_again", "news:stop"),
        turn.choice("menu.open", menu.VALUE),
    )
    return Reply(turn.say("subscribe.again"), choices)


def _listed(
    turn: Turn,
    named: Mapping[str, Named],
    chosen: Collection[str],
    page: int,
    *,
    more: str,
    add: str,
    drop: str,
) -> tuple[tuple[Choice, ...], tuple[Choice, ...]]:
    """One page of what may be chosen, what is chosen marked, and the way to the next page."""
    start = page * PAGE if 0 <= page * PAGE < len(named) else 0
    offers = tuple(
        Choice(f"✓ {one.name(turn.language)}", f"{drop}:{one.id}")
        if one.id in chosen
        else Choice(one.name(turn.language), f"{add}:{one.id}")
        for one in list(named.values())[start : start + PAGE]
    )
    if len(named) <= PAGE:
        return offers, ()
    following = start // PAGE + 1 if start + PAGE < len(named) else 0
    return offers, (turn.choice("subscribe.others", f"{more}:{following}"),)


def _out(turn: Turn) -> Choice:
    return turn.choice("cancel.name", "cancel")


def _about(turn: Turn, wish: Wish) -> str:
    return turn.say("subscribe.of_topics", topics=names(turn, wish))


def names(turn: Turn, wish: Wish) -> str:
    """The topics, by name."""
    topics = turn.agency.newsroom.topics
    if len(wish.topics) == len(topics):
        return turn.say("subscribe.all")
    return _names(turn, topics, wish.topics)


def places(turn: Turn, wish: Wish) -> str:
    """The areas, by name."""
    if not wish.areas:
        return turn.say("subscribe.everywhere")
    return _names(turn, turn.agency.newsroom.areas, wish.areas)


def _names(turn: Turn, named: Mapping[str, Named], ids: Sequence[str]) -> str:
    return ", ".join(named[one].name(turn.language) for one in ids if one in named)


def summary(turn: Turn, wish: Wish, lead: str) -> Reply:
    """What they get, how it is changed, and how it is stopped."""
    has_areas = bool(turn.agency.newsroom.areas)
    lines = [lead, _about(turn, wish)]
    if has_areas:
        lines.append(turn.say("subscribe.of_areas", areas=places(turn, wish)))
    often = turn.say(HOW[wish.frequency or Frequency.AT_ONCE])
    lines += [turn.say("subscribe.often", how=often), "", turn.say("subscribe.ways")]
    choices = [turn.choice("subscribe.change_topics", "news:topics")]
    if has_areas:
        choices.append(turn.choice("subscribe.change_areas", "news:areas"))
    choices += [
        turn.choice("subscribe.change_how", "news:how"),
        turn.choice("subscribe.latest", "news:latest"),
        turn.choice("subscribe.stop", "news:stop"),
        turn.choice("menu.open", menu.VALUE),
    ]
    return Reply("\n".join(lines), tuple(choices))
