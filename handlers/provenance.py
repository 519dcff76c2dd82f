"""Where an answer comes from and how fresh it is, in words for citizens."""

from datetime import date

from bot.messages import Card
from knowledge.agency import Agency, Entry
from knowledge.dates import written


def card(agency: Agency, language: str, entry: Entry) -> Card:
    """Source, unit in charge, last update (๑.๑(๔), ๑.๔(๑))."""
    say = agency.wording.say
    unit = agency.unit(entry.unit)
    source = entry.source.title
    if entry.source.clause:
        key = "answer.clause" if entry.id in agency.own else "answer.law"
        source = say(key, language, title=source, clause=entry.source.clause)
    updated = written(entry.updated, language)
    facts = [(say("answer.source", language), source)]
    if unit:
        facts.append((say("answer.unit", language), unit.name(language)))
    facts.append((say("answer.updated", language), updated))
    return Card(
        entry=entry.id,
        question=entry.question.of(language),
        source=source,
        unit=unit.name(language) if unit else None,
        updated=updated,
        facts=tuple(facts),
        url=entry.source.url,
    )


def stale(agency: Agency, language: str, entry: Entry, today: date) -> str | None:
    """What is to be said of an answer past its review date; None while it is fresh."""
    if today <= entry.review_by:
        return None
    day = written(entry.review_by, language)
    return agency.wording.say("answer.stale", language, date=day)
