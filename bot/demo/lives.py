"""The steps of a matter's life in the demonstration: each goes through the program's own rules."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import msgspec

from admin import attachments, signing
from admin.handling import Deed, perform_as_citizen
from admin.logbook import Line, LogLine
from admin.moves import Ending, Move, steps_for
from admin.officers import Officer
from admin.signing import Proposal
from bot.demo import citizens, questions
from bot.demo.cases import Case, Doing, do, opened, picture
from bot.messages import Kind
from handlers import fixed, mine
from knowledge.chains import Kind as Matter
from knowledge.chains import Step


async def triage(case: Case, now: datetime) -> None:
    """Whoever sorts says whose it is."""
    deed = Deed(Move.TRIAGE, unit=case.unit, image=case.plan.story.image or None)
    await do(case, case.office.agent, deed, now)


async def noted(case: Case, now: datetime) -> None:
    """A word among staff."""
    text = case.plan.story.note or "โทรประสานผู้รับผิดชอบแล้ว รอข้อมูลก่อนร่างคำตอบ"
    line = LogLine(
        ticket_id=case.ticket.id,
        at=now,
        what=Line.NOTE,
        public=False,
        staff_id=case.reporter.id,
        text=text,
    )
    case.session.add(line)


async def moved_on(case: Case, now: datetime) -> None:
    """It is another unit's."""
    units = case.plan.agency.profile.units
    others = [unit.id for unit in units if unit.id != case.ticket.unit]
    unit = others[case.plan.number % len(others)] if others else case.unit
    reason = "เรื่องนี้อยู่ในหน้าที่ของหน่วยนี้มากกว่า"
    await do(case, case.reporter, Deed(Move.REASSIGN, reason=reason, unit=unit), now)


async def handed_over(case: Case, now: datetime) -> None:
    """It is another body's."""
    story = case.plan.story
    deed = Deed(
        Move.HAND_OVER,
        reason=story.reason or "เรื่องนี้อยู่ในอำนาจของหน่วยงานอื่น ส่งต่อให้แล้ว",
        handed_to=story.body or "หน่วยงานตัวอย่าง (สมมติ)",
        handed_number=f"ตย. {case.plan.number:04}" if case.plan.number % 2 else None,
    )
    await do(case, case.office.agent, deed, now)


async def drafted(case: Case, now: datetime) -> None:
    """The unit writes down how it is to end."""
    await case.session.refresh(case.ticket)
    latest = await signing.latest_draft(case.session, case.ticket)
    proposal = _proposal(case)
    if latest is not None and case.ticket.reopened:
        again = proposal.reason + " (ตรวจซ้ำและแก้เพิ่มตามที่แจ้งกลับมาแล้ว)"
        proposal = msgspec.structs.replace(proposal, reason=again)
    await signing.save_draft(case.session, case.ticket, proposal, case.reporter, now)


def ending_of(case: Case) -> Ending:
    """How it is to end."""
    is_mended = case.plan.story.kind in {Matter.WRONG_INFO, Matter.PUBLICATION, Matter.COMPLAINT}
    return case.plan.story.ending or (Ending.CORRECTED if is_mended else Ending.ANSWERED)


def _proposal(case: Case) -> Proposal:
    story, ending = case.plan.story, ending_of(case)
    is_page = ending is Ending.CORRECTED and story.kind is not Matter.COMPLAINT
    return Proposal(
        ending,
        story.reason or "ตรวจสอบและดำเนินการเรียบร้อยแล้ว",
        before=story.before or ("(ข้อความเดิมบนหน้าเว็บ)" if is_page else ""),
        after=story.after or ((story.right or "(ข้อความที่แก้แล้ว)") if is_page else ""),
        url=story.url or ("https://example.go.th/page" if is_page else ""),
        files=case.proof,
    )


async def prepared(case: Case, now: datetime) -> None:
    """The reporter signs, with a picture of how it is now where one was sent of how it was."""
    story = case.plan.story
    if story.picture and not case.proof and ending_of(case) is Ending.CORRECTED:
        file = await picture(case, f"{story.picture}-mended", now)
        await attachments.hold(case.session, [file.id])
        case.proof = ((file.id, file.sha256 or ""),)
    await drafted(case, now)
    await do(case, case.reporter, Deed(Move.PREPARE), now)


def _is_asked(case: Case, step: Step) -> bool:
    """Whether the chain of this kind wants this signature for this ending."""
    return step in steps_for(case.plan.agency.chains[case.ticket.kind], ending_of(case))


async def approved(case: Case, now: datetime) -> None:
    """The approver signs, or who acts for them."""
    if _is_asked(case, Step.APPROVE):
        who = case.office.approves(now, case.plan.number)
        await do(case, who, Deed(Move.APPROVE), now)


async def published(case: Case, now: datetime) -> None:
    """The webmaster signs."""
    if _is_asked(case, Step.PUBLISH):
        await do(case, case.office.webmaster, Deed(Move.PUBLISH), now)


async def closed(case: Case, now: datetime) -> None:
    """Whoever signed last ends it."""
    last = steps_for(case.plan.agency.chains[case.ticket.kind], ending_of(case))[-1]
    who = {
        Step.PREPARE: case.reporter,
        Step.APPROVE: case.office.approver,
        Step.PUBLISH: case.office.webmaster,
    }
    await do(case, who[last], Deed(Move.CLOSE), now)


async def joined(case: Case, now: datetime) -> None:
    """Staff see that it is the same as another."""
    other = case.twin.ticket if case.twin else None
    reason = "จุดเดียวกันและอาการเดียวกัน รวมเป็นเรื่องเดียว"
    await do(case, case.office.agent, Deed(Move.JOIN, reason=reason), now, other)


async def joined_by_citizen(case: Case, now: datetime) -> None:
    """The citizen agrees that it is the same as another."""
    if case.twin is None or case.contact is None:
        return
    await perform_as_citizen(
        case.session,
        case.plan.agency,
        case.ticket,
        Deed(Move.JOIN),
        case.contact,
        now=now,
        other=case.twin.ticket,
    )


def _words(move: Move, who: Callable[[Case], Officer], usual: str, field: str = "") -> Doing:
    """A move with the story's own words, or the usual ones."""

    async def does(case: Case, now: datetime) -> None:
        own = getattr(case.plan.story, field) if field else ""
        await do(case, who(case), Deed(move, reason=own or usual), now)

    return does


def _citizen(value: Callable[[Case], str], flow: Callable[..., Awaitable[object]]) -> Doing:
    """Something that the citizen taps; nothing where there is no chat to tap in."""

    async def does(case: Case, now: datetime) -> None:
        if case.contact is None:
            return
        case.said += 1
        said = citizens.message(case.plan, case.contact, case.said, now, kind=Kind.CHOICE)
        await case.session.refresh(case.ticket)
        await flow(citizens.turn(case.session, case.plan, said, now), value(case), now)

    return does


async def added(case: Case, now: datetime) -> None:
    """The citizen tells more."""
    if case.contact is None:
        return
    case.said += 1
    text = case.plan.story.more or "เพิ่งไปดูมาอีกรอบ ยังเป็นเหมือนเดิม"
    said = citizens.message(case.plan, case.contact, case.said, now, text=text)
    turn = citizens.turn(case.session, case.plan, said, now)
    await mine.added(turn, case.ticket.number, now)


async def worded(case: Case, now: datetime) -> None:
    """The citizen says why, where the story has words for it."""
    if case.contact is None or not case.plan.story.verdict:
        return
    case.said += 1
    text = case.plan.story.verdict
    said = citizens.message(case.plan, case.contact, case.said, now, text=text)
    turn = citizens.turn(case.session, case.plan, said, now)
    await fixed.worded(turn, case.ticket.number, text, now)


def _tapped(word: str) -> Doing:
    return _citizen(lambda case: f"{case.ticket.number}:{word}", fixed.judged)


STEPS: Mapping[str, Doing] = {
    "open": opened,
    "triage": triage,
    "note": noted,
    "escalate": _words(
        Move.ESCALATE, lambda case: case.office.agent, "เกี่ยวกับภาพลักษณ์ของหน่วยงาน ขอให้พิจารณา"
    ),
    "accept": _words(Move.ACCEPT, lambda case: case.office.head, ""),
    "decline": _words(
        Move.DECLINE, lambda case: case.office.head, "ดำเนินการตามขั้นตอนปกติได้ ไม่ต้องผ่านผู้บริหาร"
    ),
    "ask": _words(Move.ASK, lambda case: case.reporter, "ขอทราบจุดที่เกิดเหตุให้ชัดขึ้น เช่น ใกล้อะไร", "ask"),
    "reply": _words(Move.REPLY, lambda case: case.reporter, "ได้รับเรื่องแล้ว กำลังตรวจสอบ", "ask"),
    "add": added,
    "reassign": moved_on,
    "draft": drafted,
    "prepare": prepared,
    "approve": approved,
    "publish": published,
    "return": _words(
        Move.RETURN, lambda case: case.office.approver, "ขอให้แนบที่มาของข้อมูลและใช้ถ้อยคำที่เข้าใจง่ายกว่านี้"
    ),
    "close": closed,
    "hand-over": handed_over,
    "join": joined,
    "join-self": joined_by_citizen,
    "split": _words(
        Move.SPLIT, lambda case: case.office.agent, "ตรวจแล้วเป็นคนละจุดกัน แยกออกเป็นอีกเรื่อง"
    ),
    "withdraw": _citizen(lambda case: f"{case.ticket.number}:withdraw-yes", mine.chosen),
    "yes": _tapped("yes"),
    "partly": _tapped("partly"),
    "no": _tapped("no"),
    "stars": _citizen(lambda case: f"{case.ticket.number}:{case.plan.story.stars}", fixed.starred),
    "words": worded,
    "reopen": _words(
        Move.REOPEN, lambda case: case.office.approver, "ผู้แจ้งโทรมาว่ายังไม่เรียบร้อย ขอเปิดเรื่องใหม่"
    ),
    "claim": questions.claimed,
    "answer": questions.answered,
    "answer-part": questions.answered_in_part,
    "propose": questions.proposed,
    "keep": questions.kept,
}
"""Every step that a life may have, by name."""
