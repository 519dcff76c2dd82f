"""Random walks over the moves: whatever staff try, in whatever order, what must hold holds."""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from contextlib import suppress
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from admin import logbook, signing
from admin.handling import Deed, perform, perform_as_citizen
from admin.logbook import Line
from admin.moves import OVER, Ending, IllegalMove, Move, Status, steps_for
from admin.officers import Officer, Post, Role
from admin.opening import Matter, open_ticket
from admin.signing import Proposal
from admin.tickets import Source, Ticket
from bot import migration
from bot.db import Database
from bot.messages import Contact
from knowledge.agency import Agency
from knowledge.chains import Class, Kind, Step
from knowledge.folders import load_agency, load_defaults
from tests.tickets.conftest import AGENCIES, MORNING, SLUG, UNIT, contact_row

ROLES = (Role.REPORTER, Role.APPROVER, Role.WEBMASTER, Role.AGENT, Role.EXECUTIVE)
PEOPLE = [
    Officer(n, SLUG, f"คนที่ {n}", tuple(Post(role, UNIT) for role in roles))
    for n, roles in enumerate([ROLES, ROLES, ROLES[:2], ROLES[1:3], ROLES[2:], ROLES[:1]], 1)
]
"""Some hold every post: only the rules keep them from signing alone."""
CONTACT = Contact(SLUG, "line", "U" + "9" * 32)
"""Who brought the matter."""


@cache
def empty() -> bytes:
    """A migrated SQLite file without a row."""

    async def migrate(url: str) -> None:
        database = Database(url)
        await migration.upgrade(database)
        await database.close()

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "walk.db"
        asyncio.run(migrate(f"sqlite+aiosqlite:///{file}"))
        return file.read_bytes()


class Walk(RuleBasedStateMachine):
    """One ticket, and people who try everything."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="walk"))
        (self.folder / "walk.db").write_bytes(empty())
        self.database = Database(f"sqlite+aiosqlite:///{self.folder / 'walk.db'}")
        self.now = MORNING
        self.due: Any = None
        self.agency: Agency = load_agency(AGENCIES / SLUG, load_defaults(AGENCIES / "_default"))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Wait for it."""
        return self.runner.run(work)

    def teardown(self) -> None:
        """Nothing is left behind."""
        self.run(self.database.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    @initialize(kind=st.sampled_from(Kind))
    def open(self, kind: Kind) -> None:
        """A matter comes in."""
        self.run(self._open(kind))

    async def _open(self, kind: Kind) -> None:
        async with self.database.session() as session:
            session.add(contact_row(CONTACT))
            matter = Matter(kind, Source.LINE, "เบอร์ผิด")
            ticket = await open_ticket(session, self.agency, matter, now=self.now, contact=CONTACT)
            self.id, self.due, self.kind = ticket.id, ticket.due_at, kind
            other = await open_ticket(session, self.agency, matter, now=self.now)
            self.other_id = other.id

    @rule(
        move=st.sampled_from(Move),
        who=st.sampled_from(PEOPLE),
        urgent=st.sampled_from([None, True, False]),
        class_=st.sampled_from([None, *Class]),
        about=st.sampled_from([None, "", "history", "alerts", "roads", "lights"]),
    )
    def somebody_tries(
        self,
        move: Move,
        who: Officer,
        urgent: bool | None,
        class_: Class | None,
        about: str | None,
    ) -> None:
        """One member of staff, one move."""
        deed = Deed(
            move,
            reason="เหตุผล",
            unit=UNIT,
            urgent=urgent,
            class_=class_,
            about=about,
            handed_to="หน่วยอื่น",
        )
        self.run(self._try(deed, who))

    @rule(move=st.sampled_from([Move.WITHDRAW, Move.REOPEN]))
    def the_citizen_tries(self, move: Move) -> None:
        """The citizen, one move."""
        self.run(self._try(Deed(move), None))

    async def _try(self, deed: Deed, who: Officer | None) -> None:
        self.now += timedelta(hours=3)
        async with self.database.session() as session:
            ticket = await session.get_one(Ticket, self.id)
            before = ticket.status
            try:
                if who is None:
                    await perform_as_citizen(
                        session, self.agency, ticket, deed, CONTACT, now=self.now
                    )
                else:
                    other = await session.get_one(Ticket, self.other_id)
                    await perform(
                        session, self.agency, ticket, deed, who, now=self.now, other=other
                    )
            except IllegalMove:
                assert ticket.status is before

    @rule(
        ending=st.sampled_from(Ending),
        after=st.sampled_from(["โทร 1", "โทร 2"]),
        who=st.sampled_from(PEOPLE),
    )
    def somebody_drafts(self, ending: Ending, after: str, who: Officer) -> None:
        """A new version of what is to be signed."""
        self.run(self._draft(Proposal(ending, "เหตุผล", after=after), who))

    async def _draft(self, proposal: Proposal, who: Officer) -> None:
        async with self.database.session() as session:
            ticket = await session.get_one(Ticket, self.id)
            with suppress(IllegalMove):
                await signing.save_draft(session, ticket, proposal, who, self.now)

    @rule()
    def all_goes_well(self) -> None:
        """The straight way, as far as it can be gone from here."""
        self.run(self._draft(Proposal(Ending.CORRECTED, "แก้แล้ว", after="โทร 3"), PEOPLE[0]))
        for move, who in (
            (Move.TRIAGE, PEOPLE[4]),
            (Move.ACCEPT, PEOPLE[4]),
            (Move.PREPARE, PEOPLE[0]),
            (Move.APPROVE, PEOPLE[1]),
            (Move.PUBLISH, PEOPLE[4]),
        ):
            self.run(self._try(Deed(move, unit=UNIT), who))

    @invariant()
    def what_must_hold_holds(self) -> None:
        """After every step."""
        if self.due is not None:
            self.run(self._check())

    async def _check(self) -> None:
        async with self.database.session() as session:
            ticket = await session.get_one(Ticket, self.id)
            signers = await signing.signers(session, ticket)
            if ticket.status is Status.PUBLISHED or ticket.ending is Ending.CORRECTED:
                chain = self.agency.chains[self.kind]
                needed = steps_for(chain, Ending.CORRECTED)
                assert set(needed) <= set(signers)
                if ticket.status is Status.PUBLISHED:
                    assert len({signers[step] for step in Step}) == 3
            assert len(set(signers.values())) == len(signers)
            assert (ticket.closed_at is not None) == (ticket.status in OVER)
            assert (ticket.ending is not None) == (ticket.status is Status.CLOSED)
            lines = await logbook.lines(session, ticket)
            moves = [line.details["to"] for line in lines if line.what == Line.DUE]
            assert moves[-1:] == ([ticket.due_at.isoformat()] if moves else [])
            assert moves or ticket.due_at == self.due


WALKS = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""Each walk has a database of its own."""
Walk.TestCase.settings = WALKS
test_random_walks = Walk.TestCase
