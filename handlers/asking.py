"""What a report's next question is: its words, its buttons, and the preview of what is kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from admin.attachments import Attachment, Status
from admin.tickets import Privacy, Ticket
from bot.clock import local_date
from bot.messages import Choice, Place, Reply
from handlers.conversation import Turn, numbered
from handlers.drafts import MOST_FILES, OFFERED, ORDER, PERSONAL, SKIPPABLE, Draft, Step
from knowledge.agency import Agency
from knowledge.chains import Kind
from knowledge.dates import written
from knowledge.likeness import nearest_items
from knowledge.masking import mask
from knowledge.topics import nearest

Question = tuple[str, Sequence[Choice]]
"""Its words, and the answers to tap."""
KINDS = (Kind.COMPLAINT, Kind.WRONG_INFO, Kind.SUGGESTION, Kind.INFO_REQUEST)
LEVELS = {
    Privacy.ANONYMOUS: "report.anonymous",
    Privacy.HIDDEN: "report.hidden",
    Privacy.NAMED: "report.named",
}
_MEANING = {
    Privacy.ANONYMOUS: "report.anonymous_means",
    Privacy.HIDDEN: "report.hidden_means",
    Privacy.NAMED: "report.named_means",
}
SEEN = {
    Privacy.ANONYMOUS: "report.seen_anonymous",
    Privacy.HIDDEN: "report.seen_hidden",
    Privacy.NAMED: "report.seen_named",
}
_WHAT = {
    Kind.COMPLAINT: "report.what_complaint",
    Kind.WRONG_INFO: "report.what_wrong",
    Kind.SUGGESTION: "report.what_suggestion",
    Kind.INFO_REQUEST: "report.what_request",
}
_RULE = "─" * 12
"""Between what is kept and what can be done with it."""
CHANGEABLE = (
    Step.WHAT, Step.RIGHT, Step.WHERE, Step.TOPIC, Step.FILES, Step.PRIVACY, Step.NAME, Step.PHONE,
)  # fmt: skip
_ROWS = {
    Step.WHAT: "report.row_what",
    Step.RIGHT: "report.row_right",
    Step.WHERE: "report.row_where",
    Step.TOPIC: "report.row_where",
    Step.FILES: "report.row_files",
    Step.PRIVACY: "report.row_seen",
    Step.NAME: "report.row_name",
    Step.PHONE: "report.row_phone",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database knows about a draft."""

    files: Sequence[Attachment] = ()
    same: Ticket | None = None
    """A matter that it is likely the same as."""


def arises(step: Step, agency: Agency, draft: Draft, facts: Facts) -> bool:
    """Whether there is anything to ask at this step."""
    if step is Step.TOPIC:
        return bool(nearest(agency.topics.values(), draft.what, limit=1))
    if step is Step.SPOT:
        return not draft.place and any(file.place for file in facts.files)
    return step is not Step.SAME or facts.same is not None


def ask(turn: Turn, draft: Draft, step: Step, facts: Facts) -> Reply:
    """The question of a step, its answers as numbered text, too, and the ways back and out."""
    text, offers = QUESTIONS[step](turn, draft, facts)
    choices = [*offers]
    if step in SKIPPABLE and not any(one.value == f"draft:skip:{step}" for one in choices):
        choices.append(turn.choice("report.skip", f"draft:skip:{step}"))
    has_way_back = draft.asked or draft.done or draft.said
    if has_way_back and step not in {Step.KIND, Step.PREVIEW}:
        choices.append(turn.choice("report.back", "draft:back"))
    choices.append(turn.choice("cancel.name", "draft:drop"))
    return Reply(_listed(turn, text, step, offers, choices), tuple(choices))


def _listed(
    turn: Turn, text: str, step: Step, offers: Sequence[Choice], choices: Sequence[Choice]
) -> str:
    """The question with its answers as numbered lines: some screens show no buttons."""
    if step is Step.PREVIEW:
        return numbered(f"{text}\n{_RULE}", choices)
    if step is Step.PRIVACY:
        return numbered(text, [_meant(turn, level) for level in LEVELS])
    return numbered(text, offers) if len(offers) > 1 else text


def _meant(turn: Turn, level: Privacy) -> Choice:
    """A level with what it means."""
    return Choice(f"{turn.say(LEVELS[level])}: {turn.say(_MEANING[level])}", "")


def _kind(turn: Turn, draft: Draft, _facts: Facts) -> Question:
    key = "report.which" if draft.said else "report.got_file" if draft.files else "report.ask_kind"
    return turn.say(key), kinds(turn)


def _where(turn: Turn, draft: Draft, _facts: Facts) -> Question:
    offers = places(turn, draft)
    return turn.say("report.where" if len(offers) > 1 else "report.where_named"), offers


def _topic(turn: Turn, draft: Draft, _facts: Facts) -> Question:
    return turn.say("report.topic"), topics(turn, draft)


def _more_files(turn: Turn, draft: Draft, _facts: Facts) -> Question:
    if not (draft.files or draft.place):
        none = turn.choice("report.no_files", "draft:skip:files")
        return turn.say("report.files", most=MOST_FILES), (none,)
    keep = turn.choice("report.keep_files", "draft:skip:files")
    drop = turn.choice("report.drop_files", "draft:nofiles")
    return turn.say("report.files_again", count=len(draft.files)), (keep, drop)


def _spot(turn: Turn, _draft: Draft, _facts: Facts) -> Question:
    yes = turn.choice("report.spot_yes", "draft:spot:yes")
    return turn.say("report.spot"), (yes, turn.choice("report.spot_no", "draft:spot:no"))


def _privacy(turn: Turn, _draft: Draft, _facts: Facts) -> Question:
    levels = [turn.choice(key, f"draft:privacy:{level}") for level, key in LEVELS.items()]
    return turn.say("report.privacy"), levels


def _same(turn: Turn, draft: Draft, facts: Facts) -> Question:
    """What may be told of another's matter: when, about what, and where it stands."""
    ticket = facts.same
    if ticket is None:
        raise ValueError("nothing is the same")
    text = turn.say(
        "report.same",
        date=written(local_date(ticket.opened_at), turn.language),
        about=_about_anothers(turn, draft, ticket),
        state=turn.say(f"standing.{ticket.status}"),
    )
    join = turn.choice("report.join", f"draft:same:{ticket.number}")
    return text, (join, turn.choice("report.apart", "draft:same:"))


def _about_anothers(turn: Turn, draft: Draft, ticket: Ticket) -> str:
    """What another's matter is about: an address that they wrote only where it is the same."""
    found = about(turn.agency, turn.language, ticket)
    if found == ticket.url != draft.url:
        topic = turn.agency.topics.get(ticket.topic or "")
        found = topic.name(turn.language) if topic else None
    return found or turn.say(f"report.{ticket.kind}")


def _preview(turn: Turn, draft: Draft, facts: Facts) -> Question:
    send = turn.choice("report.send", "draft:send")
    return preview(turn, draft, facts.files), (send, turn.choice("report.change", "draft:change"))


QUESTIONS: Mapping[Step, Callable[[Turn, Draft, Facts], Question]] = {
    Step.KIND: _kind,
    Step.WHAT: lambda turn, draft, _facts: (what(turn, draft), ()),
    Step.RIGHT: lambda turn, _draft, _facts: (turn.say("report.right"), ()),
    Step.WHERE: _where,
    Step.TOPIC: _topic,
    Step.FILES: _more_files,
    Step.SPOT: _spot,
    Step.PRIVACY: _privacy,
    Step.NAME: lambda turn, _draft, _facts: (consent(turn), ()),
    Step.PHONE: lambda turn, _draft, _facts: (turn.say("report.phone"), ()),
    Step.SAME: _same,
    Step.PREVIEW: _preview,
}


def kinds(turn: Turn) -> Sequence[Choice]:
    """The kinds of reports, as buttons."""
    return [turn.choice(f"report.{kind}", f"report:{kind}") for kind in KINDS]


def what(turn: Turn, draft: Draft) -> str:
    """Ask what it is about."""
    entry = turn.agency.entry(draft.entry) if draft.entry else None
    if entry is not None:
        return turn.say("report.what_answer", question=entry.question.of(turn.language))
    return turn.say(_WHAT[draft.kind or Kind.COMPLAINT])


def places(turn: Turn, draft: Draft) -> Sequence[Choice]:
    """The items of the catalogue that these words are likely about, and a way out."""
    found = nearest_items(turn.agency.catalogue, draft.what, limit=OFFERED)
    offers = [Choice(item.title.of(turn.language), f"draft:item:{item.id}") for item in found]
    return [*offers, turn.choice("report.unsure", "draft:skip:where")]


def topics(turn: Turn, draft: Draft) -> Sequence[Choice]:
    """The topics that these words are likely about, and a way out."""
    found = nearest(turn.agency.topics.values(), draft.what, limit=OFFERED)
    offers = [Choice(topic.name(turn.language), f"draft:topic:{topic.id}") for topic in found]
    return [*offers, turn.choice("report.unsure", "draft:skip:topic")]


def consent(turn: Turn) -> str:
    """The notice before anything personal is kept."""
    return turn.say("report.name", agency=turn.name)


def about(agency: Agency, language: str, ticket: Ticket | Draft) -> str | None:
    """What something is about, in the agency's own words."""
    item = agency.item(ticket.item) if ticket.item else None
    entry = agency.entry(ticket.entry) if ticket.entry else None
    topic = agency.topics.get(ticket.topic or "")
    if item:
        return item.title.of(language)
    if entry:
        return entry.question.of(language)
    return ticket.url or (topic.name(language) if topic else None)


def preview(turn: Turn, draft: Draft, files: Sequence[Attachment]) -> str:
    """Exactly what will be kept, and who will see it."""
    privacy = draft.privacy or Privacy.ANONYMOUS
    rows = [
        ("report.row_kind", turn.say(f"report.{draft.kind}")),
        ("report.row_what", draft.what),
        ("report.row_right", draft.right.text if draft.right else None),
        ("report.row_where", about(turn.agency, turn.language, draft)),
        ("report.row_files", _files(turn, files)),
        ("report.row_place", _place(draft.place)),
        ("report.row_name", draft.name.text if draft.name else None),
        ("report.row_phone", draft.phone.text if draft.phone else None),
        ("report.row_seen", turn.say(SEEN[privacy], agency=turn.name)),
    ]
    lines = [f"{turn.say(key)}: {value}" for key, value in rows if value]
    if mask(draft.what) != draft.what:
        lines.append(turn.say("report.has_numbers"))
    return "\n".join([turn.say("report.preview"), *lines])


def _files(turn: Turn, files: Sequence[Attachment]) -> str | None:
    bad = sum(file.status in {Status.REFUSED, Status.FAILED} for file in files)
    good = sum(file.status in {Status.WAITING, Status.KEPT} for file in files)
    parts = [turn.say("report.count_files", count=good)] if good else []
    if bad:
        parts.append(turn.say("report.refused_files", count=bad))
    return " · ".join(parts) or None


def _place(place: Place | None) -> str | None:
    if place is None:
        return None
    point = f"{place.latitude:.5f}, {place.longitude:.5f}"
    named = " ".join(part for part in (place.title, place.address) if part)
    return f"{named} ({point})" if named else point


def change(turn: Turn, draft: Draft) -> Reply:
    """Which part is to be changed."""
    order = ORDER[draft.kind] if draft.kind else ()
    withheld = PERSONAL if draft.privacy in {None, Privacy.ANONYMOUS} else ()
    steps = [step for step in CHANGEABLE if step in order and step not in withheld]
    offers = tuple(turn.choice(_ROWS[step], f"draft:change:{step}") for step in steps)
    text = numbered(turn.say("report.change_what"), offers)
    return Reply(text, (*offers, turn.choice("report.resume", "draft:resume")))
