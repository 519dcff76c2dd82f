"""An edited message after a report was sent: the new words stand in the matter."""

from admin.logbook import Line, LogLine
from admin.tickets import Ticket
from bot.messages import Kind
from tests.dialogues.test_reports import rows, state_of


async def test_the_new_words_of_a_sent_report_replace_the_old_ones(town):
    resident = town.citizen("tapon")
    await resident.do(Kind.TEXT, text="ถนนพังหน้าวัดบางกะจะ", message_id="first")
    for value in ("draft:skip:topic", "draft:skip:files", "draft:privacy:anonymous", "draft:send"):
        await resident(choose=value)
    [before] = await rows(town, Ticket)

    [reply] = await resident.do(
        Kind.TEXT, text="ถนนพังหน้าวัดตะปอนใหญ่", message_id="first", edited=True
    )

    [after] = await rows(town, Ticket)
    assert "ข้อความใหม่" in reply.text
    assert "draft" not in await state_of(town, resident)
    assert before.what == "ถนนพังหน้าวัดบางกะจะ"
    assert after.what == "ถนนพังหน้าวัดตะปอนใหญ่"
    assert [line.what for line in await rows(town, LogLine)][-1] == Line.EDITED
    await resident.do(Kind.UNSEND, message_id="first")
    [gone] = await rows(town, Ticket)
    assert gone.what == ""
