"""The doctor: what an operator can get wrong, found before a citizen finds it."""

import asyncio
import shutil
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from bot import migration
from bot.channels.channel import DeliveryError
from bot.channels.line import LineChannel
from bot.channels.telegram import TelegramChannel
from bot.db import Database
from bot.job_records import jobs_url, last_outcomes
from bot.secrets import secret_key
from bot.settings import BadSettings, ChannelSecrets, Settings, channel_secrets, unknown
from bot.tables import EventRow, OutgoingRow, Posting, Progress
from bot.terminal import reason

FREE_AT_LEAST = 500 * 1024 * 1024
CLOCK_OFF_AT_MOST = 30.0
SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    what: str
    level: str
    """`ok`, `off` (missing, and allowed to be), `warn` or `bad`."""
    th: str
    en: str

    @property
    def is_bad(self) -> bool:
        """Whether it must be mended."""
        return self.level == "bad"

    def __str__(self) -> str:
        sign = {"ok": "✓", "off": "–", "warn": "!", "bad": "✗"}[self.level]
        return f"{sign} {self.what}: {self.th} / {self.en}"


class Agencies(Protocol):
    """What the doctor needs to know of the agencies."""

    @property
    def served(self) -> Iterable[str]:
        """Slugs of what can be served."""

    @property
    def faults(self) -> Mapping[str, Sequence[object]]:
        """What is wrong with files, by folder."""


async def examine(settings: Settings, agencies: Agencies) -> list[Finding]:
    """Everything, in the order in which it should be mended."""
    findings = [_disk(settings.data_dir), *_key(settings.data_dir), await _database(settings)]
    findings += [*await _left_over(settings), *await _jobs(settings), _public(settings)]
    findings += [
        Finding(name, "warn", "ไม่มีการตั้งค่าชื่อนี้", "no setting, and no agency's secret, is named so")
        for name in unknown([*agencies.served, *agencies.faults])
    ]
    for slug, faults in agencies.faults.items():
        findings.append(
            Finding(slug, "bad", f"แฟ้มผิด {len(faults)} แห่ง: {faults[0]}", f"{len(faults)} faults")
        )
    slugs = list(agencies.served)
    if not slugs:
        findings.append(
            Finding(
                "agencies",
                "bad",
                f"ไม่มีหน่วยงานที่ใช้ได้ใน {settings.agencies_dir}",
                "no agency can be served from there",
            )
        )
    findings.append(await _clock(settings))
    for slug in slugs:
        findings += await _accounts(settings, slug)
    return findings


def _disk(folder: Path) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder) as probe:
            probe.write(b"x")
    except OSError as error:
        return Finding("disk", "bad", f"เขียน {folder} ไม่ได้", f"cannot write: {error.strerror}")
    free = shutil.disk_usage(folder).free
    megabytes = free // 1024**2
    level = "ok" if free >= FREE_AT_LEAST else "bad"
    return Finding("disk", level, f"เหลือ {megabytes:,} MB", f"{megabytes:,} MB free")


def _key(folder: Path) -> list[Finding]:
    """A key that `serve` would refuse; it is made at the first start."""
    try:
        if (folder / "secret.key").exists():
            secret_key(folder)
    except (BadSettings, OSError) as error:
        why = str(error) if isinstance(error, BadSettings) else reason(error)
        return [Finding("secret.key", "bad", "ใช้กุญแจนี้ไม่ได้", why)]
    return []


async def _database(settings: Settings) -> Finding:
    database = Database(settings.database)
    try:
        async with asyncio.timeout(SECONDS):
            revision = await migration.revision(database)
    except Exception as error:  # noqa: BLE001 - every reason is told
        return Finding("database", "bad", "เปิดฐานข้อมูลไม่ได้", f"cannot open: {reason(error)}")
    finally:
        await database.close()
    if revision == migration.newest():
        return Finding("database", "ok", f"รุ่น {revision}", f"revision {revision}")
    if not migration.is_known(revision):
        return Finding(
            "database",
            "bad",
            f"ใหม่กว่าโปรแกรมนี้ (รุ่น {revision})",
            f"newer than this program: {revision}",
        )
    return Finding(
        "database", "warn", "ยังไม่ได้ปรับปรุง (serve จะทำให้เอง)", "not migrated yet; serve does it"
    )


async def _left_over(settings: Settings) -> list[Finding]:
    """Messages that nobody was answered, and replies that nobody could be sent."""
    database = Database(settings.database)
    aside = select(func.count()).where(EventRow.status == Progress.SET_ASIDE)
    unsent = select(func.count()).where(
        OutgoingRow.status == Posting.FAILED, OutgoingRow.fault != "blocked"
    )
    try:
        async with database.read() as connection:
            counts = [await connection.scalar(aside) or 0, await connection.scalar(unsent) or 0]
    except (SQLAlchemyError, OSError):  # no tables yet, or no database: said above
        return []
    finally:
        await database.close()
    named = (
        ("set aside", "ข้อความที่ตอบไม่ได้และรอคนดู {} ข้อ", "{} messages wait for a person"),
        ("not sent", "คำตอบที่ส่งไม่ถึง {} ข้อ", "{} replies could not be sent"),
    )
    return [
        Finding(what, "warn" if count else "ok", th.format(count), en.format(count))
        for (what, th, en), count in zip(named, counts, strict=True)
    ]


async def _jobs(settings: Settings) -> list[Finding]:
    """Timed jobs that failed the last time they were due."""
    if (url := jobs_url(settings)) is None:
        return []
    database = Database(url)
    try:
        async with database.read() as connection:
            outcomes = await last_outcomes(connection)
    except (SQLAlchemyError, OSError):  # never served, or told above
        return []
    finally:
        await database.close()
    failed = [name for name, is_done in outcomes.items() if not is_done]
    if not failed:
        return [
            Finding("jobs", "ok", f"งานตามเวลา {len(outcomes)} งาน", f"{len(outcomes)} timed jobs")
        ]
    return [
        Finding("jobs", "warn", f"งานตามเวลาไม่สำเร็จ: {', '.join(failed)}", "the last run failed")
    ]


def _public(settings: Settings) -> Finding:
    url = urlsplit(settings.public_url)
    if not settings.public_url:
        return Finding(
            "THAMDAI_PUBLIC_URL",
            "warn",
            "ยังไม่ได้ตั้ง LINE และ Telegram แบบ webhook จะเข้ามาไม่ได้",
            "not set: LINE and Telegram webhooks cannot reach this server",
        )
    if url.scheme != "https":
        return Finding("THAMDAI_PUBLIC_URL", "warn", "ต้องเป็น https", "the platforms want https")
    return Finding("THAMDAI_PUBLIC_URL", "ok", settings.public_url, "https")


async def _clock(settings: Settings) -> Finding:
    """Our clock against a platform's: reply tokens and signatures live by it."""
    host = settings.line_api_url or "https://api.line.me"
    limit = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=limit) as session, session.get(host) as answer:
            theirs = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except (aiohttp.ClientError, TimeoutError, KeyError, ValueError, OSError, ssl.SSLError):
        return Finding("clock", "warn", f"เทียบเวลากับ {host} ไม่ได้", f"cannot compare with {host}")
    off = abs(time.time() - theirs)
    level = "ok" if off <= CLOCK_OFF_AT_MOST else "bad"
    return Finding("clock", level, f"ต่างกัน {off:.0f} วินาที", f"{off:.0f} s off")


async def _accounts(settings: Settings, slug: str) -> list[Finding]:
    try:
        secrets = channel_secrets(slug)
    except BadSettings as error:
        return [Finding(slug, "bad", "ค่าลับไม่ถูกต้อง", str(error))]
    return [await _line(settings, slug, secrets), await _telegram(settings, slug, secrets)]


async def _line(settings: Settings, slug: str, secrets: ChannelSecrets) -> Finding:
    name = f"{slug} LINE"
    given = (secrets.line_channel_secret, secrets.line_access_token)
    if not all(given):
        level = "bad" if any(given) else "off"
        return Finding(
            name, level, "ยังไม่มี secret กับ access token ครบ", "secret or access token missing"
        )
    channel = LineChannel(
        slug,
        str(given[0]),
        str(given[1]),
        api_url=settings.line_api_url or None,
        data_url=settings.line_data_url or None,
        skipped=lambda _: None,
    )

    async def look() -> Finding:
        await channel.open()
        info, endpoint = await channel.bot_info(), await channel.webhook_endpoint()
        wanted = f"{settings.public_url.rstrip('/')}/webhooks/line/{slug}"
        if info.chat_mode != "bot":
            return Finding(
                name, "warn", "เปิดโหมดแชตอยู่ ต้องใช้โหมดบอต", "response mode is chat, not bot"
            )
        if endpoint is None or endpoint.url != wanted:
            return Finding(name, "bad", f"ตั้ง webhook เป็น {wanted}", f"set the webhook to {wanted}")
        if not endpoint.active:
            return Finding(name, "bad", "ยังไม่ได้เปิด Use webhook", "'Use webhook' is off")
        return Finding(name, "ok", f"{info.name} ({info.basic_id})", "webhook is right")

    return await _asked(name, look, channel.close)


async def _telegram(settings: Settings, slug: str, secrets: ChannelSecrets) -> Finding:
    name = f"{slug} Telegram"
    if not secrets.telegram_token:
        return Finding(name, "off", "ยังไม่มี token", "no token")
    channel = TelegramChannel(
        slug,
        secrets.telegram_token,
        api_url=settings.telegram_api_url or None,
        commands={},
        skipped=lambda _: None,
    )

    async def look() -> Finding:
        info = await channel.webhook_info()
        wanted = f"{settings.public_url.rstrip('/')}/webhooks/telegram/{slug}"
        if settings.telegram_mode == "polling":
            return Finding(name, "ok", "โหมด polling", "polling")
        if info.url != wanted:
            return Finding(name, "warn", "serve จะตั้ง webhook ให้", f"serve will set {wanted}")
        if info.last_error:
            return Finding(name, "warn", "Telegram ส่งเข้ามาไม่สำเร็จล่าสุด", info.last_error)
        return Finding(name, "ok", f"รอส่ง {info.pending}", f"{info.pending} pending")

    return await _asked(name, look, channel.close)


async def _asked(
    name: str, look: Callable[[], Awaitable[Finding]], close: Callable[[], Awaitable[None]]
) -> Finding:
    try:
        async with asyncio.timeout(SECONDS * 2):
            return await look()
    except DeliveryError as error:
        if error.reason == "credentials":
            return Finding(name, "bad", "token ใช้ไม่ได้", "the platform refuses the token")
        return Finding(name, "bad", "ติดต่อแพลตฟอร์มไม่ได้", error.reason)
    except TimeoutError:
        return Finding(name, "bad", "แพลตฟอร์มไม่ตอบ", "no answer in time")
    finally:
        await close()
