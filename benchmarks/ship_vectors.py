"""Write to knowledge/data/ the vectors of the agencies' own texts, and of words often said.

Run as `python benchmarks/ship_vectors.py` after those texts have changed; it takes half a minute.
What is not shipped is computed at an agency's first start, and answers are by words until then.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from matching_sets import AGENCIES, load_sets

from knowledge import shipped
from knowledge.embedding import CachedEncoder, Vectors, load_projection
from knowledge.registry import Registry
from knowledge.signals import prepare

OFTEN: Final = 3
"""Times that a word must come in the labelled questions."""


class Listening(CachedEncoder):
    """Keeps in mind which texts it was asked for that the library does not have."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, load_projection())
        self.asked: dict[str, None] = {}

    def encode_kept(self, texts: Sequence[str]) -> Vectors:
        """One row for each text."""
        self.asked |= dict.fromkeys(texts)
        return super().encode_kept(texts)

    def written(self, texts: Sequence[str]) -> Vectors:
        """As the model makes them."""
        return self._as_made(texts)


def words_often_said() -> list[str]:
    """The words of the labelled questions that say something, the commonest first."""
    counts = Counter(
        word
        for _, queries in load_sets().values()
        for query in queries
        for word in prepare(query.text, {}).content
    )
    return [word for word, count in counts.most_common() if count >= OFTEN]


def main() -> None:
    """Index all agencies, and write down what that needed."""
    shipped.ENTRIES.unlink(missing_ok=True)
    library = shipped.vectors()
    with tempfile.TemporaryDirectory() as folder:
        encoder = Listening(Path(folder))
        Registry(AGENCIES, Path(folder) / "kept", encoder=encoder).refresh()
        wanted = dict.fromkeys([*encoder.asked, *words_often_said()])
        texts = [text for text in wanted if shipped.key_of(text) not in library]
        shipped.write(shipped.ENTRIES, texts, encoder.written(texts))
    print(f"{len(texts)} texts, {shipped.ENTRIES.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
