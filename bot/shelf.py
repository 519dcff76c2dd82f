"""One agency's entries, as the commands `knowledge ...` are given them."""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass

from bot.db import Database
from knowledge.agency import Agency, Entry
from knowledge.entries import Stored
from knowledge.registry import Registry


@dataclass(frozen=True, slots=True)
class Shelf:
    """One agency with its entries, and the means to change them."""

    database: Database
    registry: Registry
    agency: Agency
    entries: Stored
    asked: Namespace
    """What was given on the command line."""

    def with_general(self, own: Mapping[str, Entry]) -> list[Entry]:
        """The agency's entries, as they are or may be, and the general ones that they leave."""
        general = self.registry.general
        return [*own.values(), *(entry for key, entry in general.items() if key not in own)]

    def general(self) -> Mapping[str, Entry]:
        """What is true for every agency, and not replaced by this one."""
        found = self.registry.general
        return {key: entry for key, entry in found.items() if key not in self.entries.entries}
