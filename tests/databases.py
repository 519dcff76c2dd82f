"""Which database a test is run on, where it need not be run on both."""

from zlib import crc32

import pytest


def one_for_each(metafunc: pytest.Metafunc) -> None:
    """One of the databases serves each test, by the test's name, unless the test says which."""
    given = metafunc.definition.iter_markers("parametrize")
    if "database_url" in metafunc.fixturenames and not any("database_url" in m.args for m in given):
        name = metafunc.definition.originalname
        kind = ("sqlite", "postgresql")[crc32(name.encode()) % 2]
        one = pytest.mark.parametrize("database_url", [kind], indirect=True)
        metafunc.definition.add_marker(one)
