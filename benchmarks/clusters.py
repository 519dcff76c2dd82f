"""How well unanswered questions are put together: B-cubed over sets whose matters are known.

Every question of a set counts as unanswered. Precision is the share of a question's group that asks
for the same as it does, recall the share of those who ask for the same that are in its group, each
on average over all questions. In the same run, what comes of it without the encoder.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from matching_sets import load_sets
from serving import report

from knowledge.clusters import Cluster, cluster
from knowledge.embedding import open_encoder

ENOUGH = 0.6


def quality(groups: Sequence[Cluster], matters: Sequence[str]) -> tuple[float, float, float]:
    """Precision, recall and their harmonic mean (Bagga and Baldwin, 1998)."""
    labels = np.unique(np.asarray(matters), return_inverse=True)[1]
    of = np.zeros(len(matters), int)
    for number, group in enumerate(groups):
        of[list(group.members)] = number
    together, same = of[:, None] == of, labels[:, None] == labels
    both = (together & same).sum(axis=1)
    precision = float((both / together.sum(axis=1)).mean())
    recall = float((both / same.sum(axis=1)).mean())
    return precision, recall, 2 * precision * recall / (precision + recall)


def main() -> int:
    """Put each set together, with meaning and without."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path("var/embeddings"))
    encoder, _ = open_encoder(parser.parse_args().cache)
    found: dict[str, list[tuple[float, float, float]]] = {"with meaning": [], "in writing": []}
    for _, queries in load_sets().values():
        asked = [(q.text, q.expected) for q in queries if q.expected]
        texts, matters = [text for text, _ in asked], [str(matter) for _, matter in asked]
        found["with meaning"].append(quality(cluster(texts, encoder), matters))
        found["in writing"].append(quality(cluster(texts), matters))
    figures: dict[str, object] = {"sets": len(found["in writing"])}
    for how, rows in found.items():
        for what, value in zip(("precision", "recall", "F"), np.mean(rows, axis=0), strict=True):
            figures[f"{what} {how}"] = round(float(value), 3)
    reached = float(np.mean(found["with meaning"], axis=0)[2])
    return report("clusters", figures, {f"F {reached:.2f} >= {ENOUGH}": reached >= ENOUGH})


if __name__ == "__main__":
    sys.exit(main())
