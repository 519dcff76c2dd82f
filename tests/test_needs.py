"""The library of needs is whole, and what is shipped with it is of this very library."""

import itertools

from knowledge import shipped
from knowledge.needs import known_needs
from knowledge.thai import normalise


def test_every_need_has_many_voices():
    held = known_needs()
    bounds = [*held.starts, len(held.texts)]

    assert len(held.starts) > 400
    assert len(held.starts) == len(held.of_others)
    assert all(end - start >= 12 for start, end in itertools.pairwise(bounds))
    assert 50 < sum(held.of_others) < 150


def test_the_shipped_normal_forms_are_those_of_today():
    """Else: run benchmarks/ship_vectors.py."""
    held = known_needs()

    assert shipped.forms(held.as_written) is not None
    assert [normalise(text) for text in held.as_written[::23]] == list(held.texts[::23])
