"""Questions about one matter are put together, the same way each time."""

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from knowledge.clusters import cluster, join

ASKED = [
    "ขอถังขยะใบใหม่หน่อย",
    "เช่าเต็นท์งานแต่งได้ไหม",
    "ขอถังขยะใบใหม่ได้ที่ไหน",
    "อยากเช่าเต็นท์จัดงานแต่ง",
    "ขอถังขยะใบใหม่",
    "ฉีดวัคซีนหมาฟรีวันไหน",
    "ขอถังขยะใบใหม่ครับ",
]


class Topics:
    """An encoder to which a text means its topic."""

    name = "topics"

    def encode(self, texts):
        rows = np.zeros((len(texts), 3), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[["ขยะ" in text, "เต็นท์" in text, True].index(True)] = 1.0
        return rows

    encode_kept = encode


def test_likeness_puts_questions_together_largest_first():
    found = cluster(ASKED)

    assert [one.members for one in found[:2]] == [(0, 2, 4, 6), (1, 3)]
    assert [one.count for one in found] == [4, 2, 1]
    assert found[0].example.startswith("ขอถังขยะใบใหม่")
    assert found[2].example == "ฉีดวัคซีนหมาฟรีวันไหน"


def test_meaning_joins_what_letters_do_not():
    texts = ["เต็นท์หาย", "ยืมผ้าใบเต็นท์ใหญ่สำหรับงานบวช", "ถนนพัง"]

    assert len(cluster(texts)) == 3
    assert [one.members for one in cluster(texts, Topics())] == [(0, 1), (2,)]


def test_one_word_in_common_joins_what_is_put_otherwise():
    texts = ["ถังขยะแตกขอเปลี่ยน", "อยากได้ถังขยะ", "ขอใบอนุญาตก่อสร้าง", "ใบอนุญาตก่อสร้างกี่วันได้", "รถชน"]

    assert [one.members for one in cluster(texts)] == [(0, 1), (2, 3), (4,)]


def test_the_same_question_written_otherwise_is_one():
    [found] = cluster(["ขอเบอร์โทร", "  ขอเบอร์โทร!!", "ขอเบอร์โทรรรรร"])

    assert found.members == (0, 1, 2)


@given(st.lists(st.text("กขคงาิ abc12", max_size=12) | st.text(max_size=5), max_size=25))
def test_every_text_is_in_one_cluster_and_its_order_decides_nothing_else(texts):
    found = cluster(texts)

    assert sorted(place for one in found for place in one.members) == list(range(len(texts)))
    assert found == cluster(texts)
    assert all(one.example in texts and one.count == len(one.members) for one in found)


def test_average_linkage_stops_at_the_limit():
    near = np.asarray([[0, 1, 4], [1, 0, 4], [4, 4, 0]], np.float32)

    assert join(near.copy(), np.ones(3, np.float32), 2.0) == [[0, 1], [2]]
    assert join(near.copy(), np.ones(3, np.float32), 5.0) == [[0, 1, 2]]


def test_five_thousand_questions_take_seconds():
    things = [
        f"{verb}{what}{where}"
        for verb in "กขคงจฉชซญณ"
        for what in "ดตถทธนบปผฝ"
        for where in "พฟภมยรลวศษ"
    ]
    texts = [f"{a}{b}" for a in things for b in ("ได้ไหม", "ที่ไหน", "เมื่อไร", "เท่าไร", "อย่างไร")]
    started = time.perf_counter()
    found = cluster(texts)

    assert sum(one.count for one in found) == len(texts) == 5000
    assert time.perf_counter() - started < 30  # some seconds, on a busy machine too
