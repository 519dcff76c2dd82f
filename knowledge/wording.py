"""Wording: every text the bot says by itself, an agency's over the default's."""

import string
from collections.abc import Mapping
from typing import Any

from knowledge.files import BadFiles, Source

KIND = ("ต้องเป็นข้อความหรือรายการคำ ไม่ว่าง", "must be text or a list of words, not blank")

Steps = Mapping[str, Mapping[str, Mapping[str, Any]]]


class Wording:
    """Texts by `flow.step` and language; lists are words that open a flow."""

    def __init__(self, texts: Steps) -> None:
        self._texts = texts

    @classmethod
    def load(cls, source: Source) -> "Wording":
        """The default's wording; raises BadFiles."""
        faults = list(_check(source))
        if faults:
            raise BadFiles(faults)
        return cls(source.data)

    def over(self, source: Source) -> "Wording":
        """An agency's wording over this one; raises BadFiles."""
        faults = list(_check(source)) or list(self._check_against(source))
        if faults:
            raise BadFiles(faults)
        merged = {flow: dict(steps) for flow, steps in self._texts.items()}
        for flow, steps in source.data.items():
            for step, words in steps.items():
                merged[flow][step] = {**merged[flow][step], **words}
        return Wording(merged)

    def _check_against(self, source: Source) -> Any:
        for flow, steps in source.data.items():
            for step, words in steps.items():
                base = self._texts.get(flow, {}).get(step)
                if base is None:
                    yield source.fault((flow, step), "ไม่มีข้อความชื่อนี้", "no such text")
                elif any(isinstance(words[k], list) != isinstance(base["th"], list) for k in words):
                    yield source.fault((flow, step), *KIND)
                elif any(not _can_fill(words[k], _fields(base["th"])) for k in words):
                    yield source.fault((flow, step), "มีช่องเติม {} ที่ไม่รู้จัก", "unknown placeholder")

    def say(self, key: str, language: str, **values: object) -> str:
        """The text of `flow.step`, its placeholders filled in."""
        text: str = self._get(key, language)
        return text.format(**values) if values else text

    def words(self, key: str) -> list[str]:
        """The words, in both languages, that open a flow."""
        flow, step = key.split(".")
        both = self._texts[flow][step]
        return [word for language in ("th", "en") for word in both.get(language, [])]

    def keys(self) -> set[str]:
        """Every key there is."""
        return {f"{flow}.{step}" for flow, steps in self._texts.items() for step in steps}

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        flow, _, step = key.partition(".")
        return step in self._texts.get(flow, {})

    def _get(self, key: str, language: str) -> Any:
        flow, step = key.split(".")
        both = self._texts[flow][step]
        return both.get(language) or both["th"]


def _check(source: Source) -> Any:
    for flow, steps in source.data.items():
        if not isinstance(steps, dict):
            yield source.fault((flow,), "ต้องเป็นตาราง [ชื่อ]", "must be a table")
            continue
        for step, words in steps.items():
            yield from _check_step(source, flow, step, words)


def _check_step(source: Source, flow: str, step: str, words: Any) -> Any:
    where = (flow, step)
    if not isinstance(words, dict) or set(words) - {"th", "en"} or "th" not in words:
        yield source.fault(where, "ต้องเป็น { th = ..., en = ... }", "must be { th = ..., en = ... }")
        return
    try:
        for value in words.values():
            _fields(value)
    except ValueError as error:
        yield source.fault(where, "วงเล็บปีกกาไม่ครบ", str(error))
        return
    if not all(map(_is_wording, words.values())) or len({*map(type, words.values())}) > 1:
        yield source.fault(where, *KIND)


def _is_wording(value: Any) -> bool:
    texts = value if isinstance(value, list) else [value]
    return all(isinstance(text, str) and text.strip() for text in texts)


def _can_fill(value: Any, fields: set[str]) -> bool:
    """Whether these values are enough to fill a text in."""
    if not isinstance(value, str) or not _fields(value):
        return True
    try:
        value.format(**dict.fromkeys(fields, ""))
    except (LookupError, ValueError, AttributeError):
        return False
    return True


def _fields(value: Any) -> set[str]:
    """The placeholders of a text."""
    if not isinstance(value, str):
        return set()
    return {name for _, name, _, _ in string.Formatter().parse(value) if name is not None}
