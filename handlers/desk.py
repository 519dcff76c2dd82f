"""The desk: takes each message to its flow, and puts away what the flow decided."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from msgspec import UNSET
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from admin import attachments, followers, logbook, questions, subscriptions
from admin.enclosures import Links
from admin.questions import Question
from bot.clock import local_date
from bot.forgetting import forget
from bot.messages import SILENT, Choice, InboundMessage, Kind, Reply
from bot.metrics import Metrics
from bot.tables import ContactRow
from handlers import news as news_flow
from handlers import remembered
from handlers.conversation import Outcome, State, Turn, listed
from handlers.drafts import Draft
from handlers.openers import openers
from handlers.router import route
from handlers.signs import signs
from knowledge.agency import Agency
from knowledge.masking import mask
from knowledge.matching import Decision, Match
from knowledge.registry import Served
from knowledge.thai import is_mostly_latin
from knowledge.topics import nearest

READ_AT_MOST = 2_000
REMEMBERED_CHOICES = 13
A_SENTENCE = 3
FOREIGN_WORDS = 3
"""Latin letters for each Thai one that a Thai sentence may have: `e-service ใช้ไง`."""
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|\S+@\S+")


class AgencyGone(Exception):
    """A message waits for an agency that is no longer served."""


@dataclass(frozen=True, slots=True)
class Thought:
    """What was found out about a message before the transaction."""

    agency: Agency
    match: Match | None
    small_talk: str | None = None


class Desk:
    """Knows the agencies; everything else it needs comes with each message."""

    def __init__(
        self,
        served: Callable[[str], Served | None],
        metrics: Metrics,
        *,
        address: str = "",
        key: bytes | None = None,
    ) -> None:
        self._served = served
        self._metrics = metrics
        self._address = address
        self._links = Links(key, address) if key else None

    async def prepare(self, message: InboundMessage) -> Thought:
        """Match the words; raises AgencyGone.

        In the event loop itself: a thread that computes takes and gives back the interpreter's lock
        a hundred times for one question, and under load each time costs more than the work.
        """
        served = self._served(message.contact.agency)
        if served is None:
            raise AgencyGone(message.contact.agency)
        if message.kind is Kind.CHOICE or not message.text:
            return Thought(served.agency, None)
        text = message.text[:READ_AT_MOST]
        match = served.matcher.match(text)
        return Thought(served.agency, match, served.small_talk.kind(text, match.sureness))

    async def handle(
        self,
        session: AsyncSession,
        contact: ContactRow,
        message: InboundMessage,
        thought: Thought,
        now: datetime,
    ) -> Sequence[Reply]:
        """Run the flow; the contact's row takes the new state."""
        is_told = await _take_back(session, contact, message, now)
        state = await remembered.state_of(session, contact, message, now)
        if message.kind is not Kind.UNSEND and message.message_id in state.unsent:
            await forget(session, contact.id, message.message_id or "")
            return []
        turn = Turn(
            message=message,
            agency=thought.agency,
            state=state,
            language=_language(contact, message, thought, state),
            today=local_date(now),
            session=session,
            match=thought.match,
            small_talk=thought.small_talk,
            address=self._address,
            links=self._links,
        )
        has_been_away = contact.blocked and message.kind not in SILENT
        if has_been_away:
            await subscriptions.pause(session, contact.id, now)
        if is_told:
            outcome = Outcome((Reply(turn.say("mine.edited")),)).as_before(state)
        else:
            outcome = await route(turn, now)
        is_back = has_been_away or message.kind is Kind.FOLLOW
        if is_back or news_flow.is_to_be_asked(turn, outcome, now):
            outcome = await news_flow.come_back(turn, outcome, now)
        if outcome.language:
            await news_flow.speaks(session, contact.id, outcome.language)
        news: Sequence[Reply] = ()
        if outcome.replies and not message.group and not turn.emergencies:  # help goes first
            news = await followers.take(session, contact.id, now)
        self._put_away(session, contact, turn, outcome, news=news, now=now)
        return [*news, *outcome.replies]

    def _put_away(
        self,
        session: AsyncSession,
        contact: ContactRow,
        turn: Turn,
        outcome: Outcome,
        *,
        news: Sequence[Reply],
        now: datetime,
    ) -> None:
        language = outcome.language or turn.language
        if outcome.language:
            contact.language = outcome.language
        own = (turn.state.offered if outcome.keep_offer else ()) or _offered(outcome)
        offered = (*own, *(choice for reply in news for choice in reply.choices))
        keeps = outcome.keep_offer and bool(turn.state.offered)
        state = State(
            offered=offered,
            listed=turn.state.listed if keeps else _listed(outcome),
            misses=outcome.misses,
            language=language,
            told=_told(turn.message) or turn.state.told,
            draft=_draft(turn, outcome),
            awaits=outcome.awaits,
            matters=turn.state.matters or outcome.matters or bool(news),
            entry=_answered(turn, outcome),
            question=turn.state.question if outcome.question is UNSET else outcome.question,
            staff=outcome.staff or (turn.state.staff if outcome.keep_offer else None),
            wish=turn.state.wish if outcome.wish is UNSET else outcome.wish,
            unsent=turn.state.unsent,
        )
        contact.state = msgspec.to_builtins(state)
        if outcome.asked is None:
            return
        decision = outcome.asked.decision
        self._metrics.decisions.labels(contact.agency, decision).inc()
        is_refused = decision == Decision.REFUSE
        session.add(
            Question(
                agency=contact.agency,
                contact_id=contact.id,
                message_id=turn.message.message_id,
                asked_at=now,
                decision=decision,
                entry=outcome.asked.entry,
                text=mask(turn.message.text or "")[:READ_AT_MOST] if is_refused else None,
            )
        )

    def apologise(self, message: InboundMessage) -> Sequence[Reply]:
        """What a citizen reads whose message was set aside."""
        served = self._served(message.contact.agency)
        if (
            served is None
            or message.group
            or message.kind in (Kind.UNFOLLOW, Kind.LEAVE, Kind.UNSEND)
        ):
            return []
        wording = served.agency.wording
        is_english = bool(message.text) and is_mostly_latin(message.text or "")
        language = "en" if is_english else "th"
        menu = Choice(wording.say("menu.open", language), "menu")
        contact = Choice(wording.say("menu.contact", language), "contact")
        return [Reply(wording.say("fault.apology", language), (menu, contact))]


def get_ready(agency: Agency) -> None:
    """Make what every message is looked through for: a tenth of a second or more."""
    openers(agency.wording)
    signs(agency.wording)
    nearest(agency.topics.values(), "", limit=1)


async def _take_back(
    session: AsyncSession, contact: ContactRow, message: InboundMessage, now: datetime
) -> bool:
    """An unsent message is forgotten; what an edited one says now stands for what it said before.

    True where they do so in a ticket: then there is nothing else to do with them.
    """
    number = message.message_id
    if number is None or not (message.kind is Kind.UNSEND or message.edited):
        return False
    await forget(session, contact.id, number, but=message.event_id)
    await questions.forget(session, contact.id, number)
    words = (message.text or "").strip() if message.edited else ""
    is_said = bool(words) or (message.edited and message.attachment is not None)
    if is_said and await logbook.replaced(session, message, words, now=now):
        return True
    await attachments.forget(session, contact.id, number)
    await logbook.forget(session, contact.id, number, now=now)
    return False


def _answered(turn: Turn, outcome: Outcome) -> str | None:
    """The entry that was answered last, while nothing else is talked of."""
    cards = [reply.card.entry for reply in outcome.replies if reply.card]
    return cards[-1] if cards else turn.state.entry if outcome.draft is not UNSET else None


def _draft(turn: Turn, outcome: Outcome) -> Draft | None:
    """The report from now on: a flow that says nothing of it leaves it for later, if it is one."""
    if outcome.draft is not UNSET:
        return outcome.draft
    draft = turn.state.draft
    return replace(draft, paused=True) if draft and draft.is_begun else None


def _offered(outcome: Outcome) -> tuple[Choice, ...]:
    return outcome.replies[-1].choices[:REMEMBERED_CHOICES] if outcome.replies else ()


def _listed(outcome: Outcome) -> int:
    return listed(outcome.replies[-1]) if outcome.replies else 0


def _language(contact: ContactRow, message: InboundMessage, thought: Thought, state: State) -> str:
    """The language chosen, else written in, else spoken last, else the platform's, else Thai.

    Where the platform's is another than before, as on a page that was changed, it goes before.
    """
    languages = thought.agency.profile.languages
    written = _written_in(message, thought, state)
    told = _told(message)
    changed = told if state.told not in {None, told} else None
    for language in (contact.language, written, changed, state.language, told):
        if language in languages:
            return str(language)
    return languages[0]


def _told(message: InboundMessage) -> str:
    return (message.language or "")[:2].lower()


def _written_in(message: InboundMessage, thought: Thought, state: State) -> str | None:
    """The language of the words; an abbreviation or an address is of neither."""
    text = (message.text or "")[:READ_AT_MOST]
    if message.kind is Kind.CHOICE or text.startswith("/"):
        return None
    if thought.match is not None and thought.match.repaired is not None:
        if state.language == "en" and _is_a_name(thought.match.repaired, thought):
            return None  # `mu 4` is a place, not `ที 4` on the other keyboard
        text = thought.match.repaired
    words = _ADDRESS.sub(" ", text)
    thai = sum("ก" <= letter <= "๎" for letter in words)
    latin = sum("a" <= letter <= "z" for letter in words.lower())
    if latin > FOREIGN_WORDS * thai:
        is_known_thai = state.language == "th" and _is_a_name(words, thought)
        return None if is_known_thai else "en"
    return "th" if thai else None


def _is_a_name(words: str, thought: Thought) -> bool:
    """One or two words, as `ITA` or `open data`, that Thai people use too; not a greeting."""
    known = openers(thought.agency.wording)
    is_talk = thought.small_talk or known.small_talk(words)
    return len(words.split()) < A_SENTENCE and not (known.flow(words) or is_talk)
