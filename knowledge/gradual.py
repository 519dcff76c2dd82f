"""An encoder that says how far it is, where there is much to encode."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from knowledge.embedding import Encoder, Vectors, second_of

AT_ONCE: Final = 2_048
"""Texts between two signs of life; each writes the cache on disk anew."""


class GradualEncoder:
    """Another encoder, asked for some texts at a time."""

    def __init__(self, encoder: Encoder, progress: Callable[[int, int], None]) -> None:
        self._encoder = encoder
        self._progress = progress
        self.name = encoder.name
        second = second_of(encoder)
        self.second: Encoder | None = second and GradualEncoder(second, progress)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, computed now."""
        return self._encoder.encode(texts)

    def encode_kept(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, from the cache where it is known."""
        if len(texts) <= AT_ONCE:
            return self._encoder.encode_kept(texts)
        parts = []
        for start in range(0, len(texts), AT_ONCE):
            parts.append(self._encoder.encode_kept(texts[start : start + AT_ONCE]))
            self._progress(min(start + AT_ONCE, len(texts)), len(texts))
        return np.concatenate(parts)
