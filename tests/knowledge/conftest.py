"""Entries, stored and to be stored, of an agency that is nobody's."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from knowledge.agency import Entry, Unit
from knowledge.editing import Author
from tests.agencies.conftest import add, folder
from tests.fakes import MovingClock

__all__ = ["add", "folder"]

AGENCY = "nowhere"
UNITS = [
    Unit(id="clerk", name_th="สำนักปลัด", name_en="Office of the Clerk", source="๒"),
    Unit(id="works", name_th="กองช่าง", name_en="Public Works", source="๒"),
]

MakeEntry = Callable[..., Entry]


def entry(key: str = "dragon-boats", **more: Any) -> Entry:
    """An entry that has no fault; another key makes another one."""
    said: dict[str, Any] = {
        "id": key,
        "category": "งานประเพณี",
        "question": {"th": f"{key} จัดวันไหน", "en": f"When is {key}?"},
        "phrasings": [f"{key} {word}" for word in ("วันไหน", "เมื่อไร", "กี่โมง", "ปีนี้")],
        "answer": {"th": f"วันเพ็ญ ({key})", "en": f"On the full moon ({key})"},
        "unit": "clerk",
        "source": {"title": "ประกาศตัวอย่าง", "clause": "๑.๑"},
        "updated": date(2026, 11, 21),
        "review_by": date(2027, 5, 21),
    }
    return Entry.model_validate(said | more)


@pytest.fixture
def author(clock: MovingClock) -> Author:
    """Somebody of the staff, now."""
    return Author("สมหญิง", clock())
