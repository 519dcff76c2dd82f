"""Write to knowledge/data/ the vectors of the library, the agencies' texts and words often said.

Run as `python benchmarks/ship_vectors.py` after any of these have changed, or how texts are brought
to normal form; it takes half a minute. What is not shipped is computed at an agency's first start.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from matching_sets import AGENCIES, idle_words, load_sets, others_questions

from bot.reading import REMEMBERED
from knowledge import shipped
from knowledge.embedding import CachedEncoder, Vectors, load_projection
from knowledge.needs import known_needs
from knowledge.registry import Registry
from knowledge.remembering import Notebook
from knowledge.signals import prepare
from knowledge.thai import normalise

OFTEN: Final = 3
"""Times that a word must come in the labelled questions."""


class Listening(CachedEncoder):
    """Keeps in mind which texts of entries it was asked for."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, load_projection())
        self.asked: dict[str, None] = {}

    def encode_kept(self, texts: Sequence[str]) -> Vectors:
        """One row for each text."""
        self.asked |= dict.fromkeys(texts)
        return super().encode_kept(texts)

    def computed(self, texts: Sequence[str]) -> Vectors:
        """As the model makes them."""
        return self._computed(texts)


def words_often_said() -> list[str]:
    """The words of the labelled questions that say something, the commonest first."""
    counts = Counter(
        word
        for _, queries in load_sets().values()
        for query in queries
        for word in prepare(query.text, {}).content
    )
    return [word for word, count in counts.most_common() if count >= OFTEN]


def ship_library(encoder: Listening) -> None:
    """Needs with their normal forms, what other bodies are asked, and small talk."""
    written = known_needs().as_written
    forms = [normalise(text) for text in written]
    asked = map(normalise, [*others_questions(), *idle_words()])
    texts = list(dict.fromkeys([*forms, *asked]))
    shipped.write_library(texts, encoder.computed(texts), forms, written)


def ship_entries(encoder: Listening, kept: Path) -> None:
    """What indexing all agencies asks for and finds, and the library does not have; and words."""
    library = shipped.vectors()
    notebook = Notebook(kept / "texts.json", REMEMBERED)
    with notebook.open():
        Registry(AGENCIES, kept, encoder=encoder).refresh()
    wanted = dict.fromkeys([*encoder.asked, *words_often_said()])
    texts = [text for text in wanted if shipped.key_of(text) not in library]
    shipped.write_entries(texts, encoder.computed(texts), notebook.asked)


def main() -> None:
    """Write both files anew."""
    for file in (shipped.LIBRARY, shipped.ENTRIES):
        file.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        encoder = Listening(Path(folder))
        ship_library(encoder)
        ship_entries(encoder, Path(folder) / "kept")
    for file in (shipped.LIBRARY, shipped.ENTRIES):
        print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
