"""Where an answer comes from and how fresh it is, in words for citizens."""

from datetime import date

from bot.messages import Card
from knowledge.agency import Agency, Entry
from knowledge.dates import written
from knowledge.reviewing import flag_of


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
    """What is to be said of an answer whose source is not as it was, or past its review date."""
    say = agency.wording.say
    if flag := flag_of(agency, entry):
        day = written(flag.since, language)
        if flag.state == "dead":
            return say("answer.source_gone", language, date=day)
        return say("answer.source_changed", language, date=day)
    if today <= entry.review_by:
        return None
    day = written(entry.review_by, language)
    return say("answer.stale", language, date=day)
