"""Looking for any of many words in a text that was normalised."""

import re
from collections.abc import Iterable

from knowledge.thai import normalise

NOTHING = re.compile(r"(?!)")


def alternatives(words: Iterable[str]) -> str:
    """Any of these, longest first: Thai ones anywhere, as Thai has no spaces; Latin as whole words.

    Both as they are written and in normal form; `ไหม` is not in `ไหม้`.
    """
    forms = {form for word in words for form in (word.lower(), normalise(word)) if form}
    parts = []
    for form in sorted(forms, key=lambda form: (-len(form), form)):
        plain = re.escape(form)
        parts.append(rf"\b{plain}\b" if form.isascii() else rf"{plain}(?![่-๎])")
    return "|".join(parts)


def any_of(words: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds any of these words."""
    found = alternatives(words)
    return re.compile(found) if found else NOTHING
