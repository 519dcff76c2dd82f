"""What citizens write never reaches a log, not even when a flow breaks on it."""

import asyncio
import logging

import structlog

from bot.lanes import Lanes
from bot.messages import Kind
from bot.metrics import Metrics

CANARY = "ความลับของนกขมิ้น"


async def test_a_conversation_leaves_no_word_of_it_in_the_logs(talk, caplog):
    caplog.set_level(logging.DEBUG, logger="bot")
    caplog.set_level(logging.DEBUG, logger="handlers")
    with structlog.testing.capture_logs() as lines:
        await talk(CANARY, f"ขอทราบเรื่อง {CANARY}", f"/{CANARY}")
        await talk(choose=CANARY)
        await talk.do(Kind.FILE, text=CANARY)
        await talk.do(Kind.TEXT, text=CANARY, edited=True, message_id="m1")
        await talk.do(Kind.UNSEND, message_id="m1")

    assert CANARY not in f"{lines}{caplog.text}"


async def test_a_flow_that_breaks_on_a_text_does_not_log_the_text(town, caplog):
    async def broken(*_: object) -> list[object]:
        raise ValueError(CANARY)

    lanes = Lanes(
        town.database,
        {},
        prepare=broken,
        handle=broken,
        apologise=lambda _: [],
        committed=lambda _: None,
        busy=lambda _: None,
        clock=town.clock,
        metrics=Metrics(),
    )
    citizen = town.citizen()
    town.lanes.stop()
    await asyncio.sleep(0.05)  # its workers have ended
    with structlog.testing.capture_logs() as lines:
        await town.inbox.accept([citizen.message(Kind.TEXT, text=CANARY)])
        job = asyncio.create_task(lanes.run())
        lanes.add([citizen.contact.id])
        try:
            async with asyncio.timeout(10):
                while not lines:  # noqa: ASYNC110 - the captured lines ring no bell
                    await asyncio.sleep(0.01)
        finally:
            job.cancel()
            await asyncio.gather(job, return_exceptions=True)

    assert lines[0]["event"] == "flow_failed"
    assert lines[0]["fault"] == "ValueError"
    assert CANARY not in f"{lines}{caplog.text}"
