"""Reading an agency's files so that every fault has its file, its line and its reason."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from pydantic import TypeAdapter, ValidationError

from knowledge.addresses import NO_HOST, without_bad_links

T = TypeVar("T")
Location = tuple[str | int, ...]


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A safe loader that leaves dates as they are written, so that a bad one has its line."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """The value of a node; whatever PyYAML makes of a bad one, it is told with its line."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, TypeError, AttributeError):
            why = f"not a value of {node.tag}"
            raise yaml.constructor.ConstructorError(None, None, why, node.start_mark) from None


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}

_CONTROL = re.compile("[^\t\r\n\x85\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML takes for no text (yaml.org/spec/1.2.2, 5.1)."""
DEEPEST = 50
"""Lists and tables within each other; the C parser falls down a very deep hole."""
KEY_TWICE = ("ช่องซ้ำ", "the key is given twice")
KEY_NO_TEXT = (
    "ชื่อช่องต้องเป็นข้อความ ถ้าข้อความมี { } หรือ [ ] ให้ใส่เครื่องหมายคำพูด",
    "a key must be text; put text with { } or [ ] in quotes",
)
_THAI = {
    "missing": "ขาดช่องนี้",
    "extra_forbidden": "ไม่รู้จักช่องนี้ (สะกดผิดหรือไม่)",
    "string_type": "ต้องเป็นข้อความ (ลองใส่เครื่องหมายคำพูด)",
    "string_too_short": "ข้อความว่างหรือสั้นเกินไป",
    "string_too_long": "ข้อความยาวเกินไป",
    "string_pattern_mismatch": "รูปแบบไม่ถูกต้อง",
    NO_HOST: "ลิงก์นี้ไม่มีชื่อเว็บที่อ่านได้",
    "too_short": "มีน้อยเกินไป",
    "int_type": "ต้องเป็นจำนวนเต็ม",
    "int_parsing": "ต้องเป็นจำนวนเต็ม",
    "date_type": "ต้องเป็นวันที่แบบ ปปปป-ดด-วว (ค.ศ.)",
    "date_parsing": "ต้องเป็นวันที่แบบ ปปปป-ดด-วว (ค.ศ.)",
    "date_from_datetime_parsing": "ต้องเป็นวันที่แบบ ปปปป-ดด-วว (ค.ศ.)",
    "literal_error": "ไม่ใช่ค่าที่ใช้ได้",
    "enum": "ไม่ใช่ค่าที่ใช้ได้",
    "list_type": "ต้องเป็นรายการ",
    "model_type": "ต้องเป็นชุดของช่อง",
    "model_attributes_type": "ต้องเป็นชุดของช่อง",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a file of an agency."""

    file: Path
    line: int
    th: str
    en: str

    def __str__(self) -> str:
        return f"{self.file.parent.name}/{self.file.name}:{self.line}: {self.th} / {self.en}"


class BadFiles(Exception):
    """An agency's files cannot be used; `faults` says why."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


class Source:
    """One file, read, that knows on which line each value stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._tree: yaml.Node | None = None
        self._lines: dict[Location, int] = {}
        text = self._text()
        self.data: Any = self._toml(text) if path.suffix == ".toml" else self._yaml(text)

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise BadFiles([self.fault((), "ไม่มีแฟ้มนี้", "the file is missing")]) from None
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise BadFiles([self.fault((), "เปิดแฟ้มไม่ได้", reason)]) from None
        except UnicodeDecodeError as error:
            line = self.path.read_bytes()[: error.start].count(b"\n") + 1
            raise BadFiles(
                [Fault(self.path, line, "แฟ้มไม่ใช่ UTF-8", "the file is not UTF-8")]
            ) from None

    def _toml(self, text: str) -> Any:
        try:
            data = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            found = re.search(r"line (\d+)", str(error))
            line = int(found[1]) if found else text.count("\n") + 1
            raise BadFiles([Fault(self.path, line, "เขียน TOML ไม่ถูกต้อง", str(error))]) from None
        self._lines = _toml_lines(text)
        return data

    def _yaml(self, text: str) -> Any:
        try:
            _check_depth(text)
            loader = _Loader(text)
            self._tree = loader.get_single_node()
            if faults := [Fault(self.path, *fault) for fault in _bad_keys(self._tree)]:
                raise BadFiles(faults)
            return None if self._tree is None else loader.construct_document(self._tree)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            reason = error.problem or "bad YAML"
            raise BadFiles([Fault(self.path, line, "เขียน YAML ไม่ถูกต้อง", reason)]) from None
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            reason = str(error).splitlines()[0]
            line = next((n for n, row in enumerate(text.split("\n"), 1) if _CONTROL.search(row)), 1)
            raise BadFiles([Fault(self.path, line, "เขียน YAML ไม่ถูกต้อง", reason)]) from None

    def line(self, location: Location) -> int:
        """The line of a value, or of the nearest thing around it that stands in the file."""
        if self._tree is not None:
            return _yaml_line(self._tree, location)
        while location and location not in self._lines:
            location = location[:-1]
        return self._lines.get(location, 1)

    def fault(self, location: Location, th: str, en: str) -> Fault:
        """A fault at a value of this file."""
        where = ".".join(str(part) for part in location) + ": " if location else ""
        return Fault(self.path, self.line(location), where + th, where + en)

    def read(self, kind: TypeAdapter[T], *, was_good: bool = False) -> T:
        """The file's content as this type; raises BadFiles with every fault in it.

        Of one that was good, links are left out that an earlier release took and nobody can read.
        """
        read = kind.validate_python
        try:
            return without_bad_links(read, self.data) if was_good else read(self.data)
        except ValidationError as error:
            faults = error.errors(include_url=False, include_context=False)
        raise BadFiles(
            [
                self.fault(fault["loc"], _THAI.get(fault["type"], "ค่าไม่ถูกต้อง"), fault["msg"])
                for fault in faults
            ]
        )


def _check_depth(text: str) -> None:
    """Refuse what nests too deep, before it is composed."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            why, mark = f"nested deeper than {DEEPEST}", cast("yaml.Mark", event.start_mark)
            raise yaml.composer.ComposerError(None, None, why, mark)


def _bad_keys(node: yaml.Node | None) -> Iterator[tuple[int, str, str]]:
    """Keys that are no text, or that their mapping has already: YAML would take the last."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                yield (line, *KEY_NO_TEXT)
            elif key.value in seen:
                yield (line, *KEY_TWICE)
            else:
                seen.add(key.value)
            yield from _bad_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _bad_keys(value)


def _yaml_line(node: yaml.Node, location: Location) -> int:
    line: int = node.start_mark.line + 1
    for part in location:
        child: yaml.Node | None = None
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            child = node.value[part] if part < len(node.value) else None
        elif isinstance(node, yaml.MappingNode):
            pairs = ((k, v) for k, v in node.value if k.value == str(part))
            key, child = next(pairs, (None, None))
            line = key.start_mark.line + 1 if key else line
        if child is None:
            return line
        if isinstance(node, yaml.SequenceNode):
            line = child.start_mark.line + 1
        node = child
    return line


def _toml_lines(text: str) -> dict[Location, int]:
    """Where each table and key of a TOML file stands."""
    lines: dict[Location, int] = {(): 1}
    table: Location = ()
    counts: dict[Location, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if found := re.match(r"\s*\[\[([^\]]+)\]\]", line):
            name = tuple(part.strip(' "') for part in found[1].split("."))
            table = (*name, counts.get(name, 0))
            counts[name] = counts.get(name, 0) + 1
            lines.setdefault(name, number)
            lines[table] = number
        elif found := re.match(r"\s*\[([^\]]+)\]", line):
            table = tuple(part.strip(' "') for part in found[1].split("."))
            lines[table] = number
        elif found := re.match(r'\s*"?([^"=#]+?)"?\s*=', line):
            lines[(*table, found[1])] = number
    return lines
