"""Vectors in a file of numpy's, by the keys of their texts: those that an earlier run computed."""

import os
import threading
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from knowledge.shipped import KEY, Vectors


def load(file: Path, width: int) -> dict[bytes, Vectors]:
    """Vectors kept by an earlier run; a damaged or foreign file counts as none."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            keys, rows = stored["keys"], stored["rows"]
    except (OSError, ValueError, KeyError, EOFError):
        return {}
    if rows.shape != (len(rows), width) or keys.shape != (len(rows), KEY):
        return {}
    return {key.tobytes(): row for key, row in zip(keys, rows, strict=True)}


def save(file: Path, known: Mapping[bytes, Vectors], width: int) -> None:
    """Write it to a new file, and put that in the place of the old one at once."""
    keys = np.frombuffer(b"".join(known), np.uint8).reshape(-1, KEY)
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
    with fresh.open("wb") as out:
        rows = np.asarray(list(known.values()), np.float16).reshape(-1, width)
        np.savez(out, keys=keys, rows=rows)
    fresh.replace(file)
