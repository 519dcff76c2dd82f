"""Greetings, thanks and abuse get a calm word; emergencies get the right number first."""

import re

import pytest

from bot.messages import Attachment, Kind
from bot.settings import ROOT
from handlers.openers import EMERGENCIES, openers
from knowledge.evaluation import read_documents, read_queries
from knowledge.matching import Matcher
from knowledge.small_talk import KINDS

NUMBER = {"medical": "1669", "fire": "199", "police": "191", "disaster": "1784", "distress": "1323"}
TALK = {
    "hello": [
        "สวัสดี",
        "สวัสดีค่ะ",
        "หวัดดีคับ",
        "ดีจ้า",
        "สวัสดีครับบบ",
        "hello",
        "Hi!",
        "l;ylfu",
        "ทดสอบ",
        "สวัสดียามบ่ายครับแอดมิน",
        "สวัสดีค่าแอดมิน",
        "ฮัลโหลๆ มีใครอยู่ไหมคะ",
        "hello, anybody there?",
    ],
    "thanks": [
        "ขอบคุณ",
        "ขอบคุณมากค่ะ",
        "ขอบคุณมากๆนะคะ",
        "ขอบใจจ้า",
        "thank you",
        "Thanks!",
        "ขอบคุณมากนะคะ ได้คำตอบแล้ว",
        "ขอบใจหลายๆ เด้อลูก",
        "thank you so much, very helpful",
    ],
    "bye": ["ลาก่อน", "บายจ้า", "บ๊ายบาย", "bye", "goodbye", "ฝันดีนะ", "งั้นเดี๋ยวมาถามใหม่นะครับ"],
    "who": [
        "คุณเป็นใคร",
        "คุณคือใครคะ",
        "เป็นคนหรือบอท",
        "นี่คนหรือบอทครับ",
        "who are you?",
        "นี่คนหรือหุ่นยนต์ตอบอะ",
        "are you a real person or a robot?",
    ],
    "person": ["ขอคุยกับคนจริงๆ ได้ไหม", "ไม่อยากคุยกับบอท ขอเจ้าหน้าที่", "can I talk to a human please"],
    "fine": ["สบายดีไหม", "สบายดีมั้ยคะ", "กินข้าวยัง", "how are you?", "กินข้าวหรือยังจ๊ะหนู"],
    "ok": [
        "โอเค",
        "โอเคค่ะ",
        "ตกลงครับ",
        "รับทราบ",
        "ok",
        "ครับ",
        "ค่ะ",
        "ไม่เป็นไรค่ะ",
        "โอเคค่ะ เข้าใจละ",
        "อ๋อๆ เข้าใจแล้วครับ",
    ],
    "wish": [
        "สวัสดีวันจันทร์ค่ะ ขอให้สุขภาพแข็งแรงทุกคนนะคะ 🌼",
        "ขอให้เจ้าหน้าที่มีความสุขความเจริญนะ",
        "สาธุ ขอให้ถูกหวยรวยๆ",
        "Happy new year to you all",
    ],
    "praise": ["เก่งมากเลยบอท", "ตอบไวดีจัง", "you are very helpful, good bot"],
    "slip": ["ขอโทษค่ะ ส่งผิดห้อง", "หลานกดเล่นจ้ะ ขอโทษที", "sorry, wrong chat"],
    "unhappy": ["ตอบไม่ตรงเลย ถามอย่างตอบอย่าง", "อ่านแล้วงง ไม่เข้าใจเลย", "ทำไมตอบช้าจัง"],
    "idle": ["เบื่อจังเลย คุยเป็นเพื่อนหน่อย", "เล่าเรื่องตลกให้ฟังหน่อยสิ", "แอดมินมีแฟนยัง", "tell me a joke"],
    "low": ["เหนื่อยจังวันนี้", "เหงาจัง ไม่มีใครคุยด้วยเลย", "ท้อมากเลยค่ะ", "I am so lonely"],
    "abuse": [
        "ไอ้โง่",
        "บอทโง่",
        "ห่วยแตก",
        "เหี้ย",
        "stupid bot",
        "fuck you",
        "ไอ้พวกกินภาษีชาวบ้าน",
        "ตอบกากมาก",
    ],
}
URGENT = {
    "medical": [
        "พ่อล้มหมดสติ", "แม่ไม่หายใจแล้วทำไงดี", "มีคนจมน้ำที่คลอง ช่วยด้วยค่ะ", "โดนงูกัด", "คนไฟดูด",
        "อยู่ที่ตลาด มีคนถูกรถชน เลือดออกเยอะ", "My father is not breathing", "someone is drowning",
        "help! heart attack at the market", "she can't breathe", "เด็กตกน้ำ", "ยายล้มหัวแตกเลือดไหล",
        "กินยาฆ่าหญ้า", "พ่อแขนขาอ่อนแรงพูดไม่ชัด", "he is bleeding", "snake bit me", "she fainted",
    ],
    "fire": [
        "ไฟไหม้", "ไฟไหม้!!!", "ไฟใหม้บ้าน", "บ้านข้างๆ ไฟไหม้ค่ะ มาด่วน", "waws,h", "แก๊สรั่วในบ้านกลิ่นแรงมาก",
        "ช่วยด้วย เพลิงไหม้ตลาดสด", "My house is on fire!", "there is a fire next door", "gas leak",
        "my house is burning",
    ],
    "police": [
        "โดนปล้น", "มีโจรขึ้นบ้าน", "ขโมยขึ้นบ้านตอนนี้เลยครับ", "ถูกทำร้ายร่างกาย", "มีคนยิงกันหน้าตลาด",
        "I have been robbed", "someone broke into my house", "there is a burglar", "สามีทำร้าย",
        "someone is shooting",
    ],
    "disaster": [
        "น้ำป่ามาแล้ว", "ดินถล่มทับบ้าน", "แผ่นดินไหว", "น้ำท่วมบ้านแล้วออกไม่ได้", "earthquake!",
        "we are trapped by flood", "there is a landslide",
    ],
    "distress": [
        "อยากตาย", "ไม่อยากมีชีวิตอยู่แล้ว", "คิดจะฆ่าตัวตาย", "เครียดมากไม่ไหวแล้ว อยากตายค่ะ",
        "มีคนจะฆ่าตัวตาย", "ผูกคอตาย", "I want to die", "i will kill myself",
    ],
}  # fmt: skip
ORDINARY = [
    "ประกันอัคคีภัย", "สถานีตำรวจอยู่ไหน", "fire insurance", "fire station address", "police report fee",
    "ขอใบอนุญาตจัดงาน", "ตำรวจเบอร์อะไร", "น้ำประปาไม่ไหล", "ภาษีป้าย", "ขอถังขยะ", "แม่น้ำลพบุรี", "น้ำปลา",
    "ดอกไม้ไฟขออนุญาตที่ไหน", "จะคลอดลูกต้องแจ้งเกิดที่ไหน", "seizure of assets", "photo shooting permit",
    "firewood", "ไฟไม่ติด", "ไฟถนนเสีย", "ค่าไฟแพง", "โรงพยาบาลอยู่ไหน", "งบประมาณปีนี้",
]  # fmt: skip
CLEAN = [
    "แม่มาไม่ได้ ทำแทนได้ไหม", "ทิ้งกากอุตสาหกรรมที่ไหน", "สัสดีอำเภออยู่ไหน", "ใครเป็นแม่งานจัดงาน",
    "ใส่เครื่องหมายกากบาท", "ขยะที่ไร้ประโยชน์ทิ้งไหน", "แม่เมาะ",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
async def test_small_talk_gets_its_word_and_the_menu(talk, served, kind):
    wording = served.served["buriram"].agency.wording
    fitting = {wording.say(f"smalltalk.{kind}", k).split("{")[0] for k in ("th", "en")}
    for text in TALK[kind]:
        [reply] = await talk(text)
        assert any(reply.text.startswith(words) for words in fitting), text
        assert len(reply.choices) >= 7


async def test_it_says_that_it_is_no_person_and_whose_it_is(town):
    [reply] = await town.citizen("tapon")("คุณเป็นใคร")

    assert "องค์การบริหารส่วนตำบลตะปอน" in reply.text
    assert "ไม่ใช่คน" in reply.text


async def test_a_greeting_before_a_question_does_not_hide_the_question(town, served):
    one = served.served["buriram"]
    entry = next(
        e
        for e in one.agency.entries.values()
        if one.matcher.match(e.question.th).ranked[0][1] > 0.9
    )
    [reply] = await town.citizen()(f"สวัสดีค่ะ {entry.question.th}")

    assert reply.card or reply.choices[0].value.startswith("a:")


async def test_abuse_inside_a_message_that_has_no_answer_is_met_calmly(talk, served):
    matcher = served.served["buriram"].matcher
    rude = ("ไอ้ควาย แมวเป็นหวัด", "หนังสนุกไหม ไอ้ควาย", "ไอ้ควาย ทองราคาเท่าไหร่", "เหี้ย หวยออกอะไร")
    [reply] = await talk(next(text for text in rude if matcher.match(text).decision == "refuse"))

    assert reply.text.startswith("เข้าใจว่าอาจไม่พอใจ")
    assert "contact" in [choice.value for choice in reply.choices]


@pytest.mark.parametrize("text", CLEAN)
def test_words_that_only_look_like_abuse_are_none(served, text):
    one = served.served["buriram"]
    assert not openers(one.agency.wording).is_abusive(text)
    assert one.small_talk.kind(text) in {None, "abuse"}, "which counts with a word of abuse only"


@pytest.mark.parametrize("text", ["history of the town", "high school", "ดีเซลลิตรละเท่าไหร่"])
def test_words_that_only_begin_like_a_greeting_are_none(served, text):
    assert served.served["buriram"].small_talk.kind(text) is None


async def test_who_wants_a_person_hears_whom_to_call_and_can_hand_the_question_over(talk, strange):
    await talk(strange[0])
    [reply] = await talk("ไม่เอาบอท ขอคุยกับคนจริงๆ")

    assert "ติดต่อ" in reply.text
    assert reply.choices[0].value.startswith("staff:")


def test_no_labelled_question_is_taken_for_small_talk(served):
    """What a person would be surprised by: a question that gets a pleasantry for an answer."""
    known = served.served["tapon"].small_talk
    for folder in (ROOT / "tests" / "data" / name for name in ("eval", "municipality")):
        documents = read_documents(folder / "kb.jsonl")
        matcher = Matcher(documents)
        queries = read_queries(folder / "queries.jsonl", frozenset(d.id for d in documents))
        asked = [query.text for query in queries if query.expected]

        taken = [text for text in asked if known.kind(text, matcher.match(text).sureness)]

        assert len(asked) > 100
        assert not taken


@pytest.mark.parametrize("kind", EMERGENCIES)
async def test_an_emergency_gets_the_right_number_first(town, kind):
    for text in URGENT[kind]:
        [first, *_] = await town.citizen()(text)
        found = re.findall(r"\b\d{3,4}\b", first.text)
        assert found[:1] == [NUMBER[kind]], text
        assert first.text.index(found[0]) < 60, text
        assert first.choices or first.card or _, text


@pytest.mark.parametrize("slug", ["mof-ops", "phetchaburi", "singburi", "tapon"])
async def test_emergencies_are_met_at_every_agency(town, slug):
    for kind, texts in URGENT.items():
        [first, *_] = await town.citizen(slug)(texts[0])
        assert re.findall(r"\b\d{3,4}\b", first.text)[:1] == [NUMBER[kind]]


@pytest.mark.parametrize("kind", [Kind.IMAGE, Kind.VIDEO])
async def test_an_emergency_in_a_caption_gets_its_number_first(talk, kind):
    photo = Attachment("p1")
    [first, *_] = await talk.do(kind, attachment=photo, text="ไฟไหม้บ้านข้างวัด")

    assert "199" in first.text[:60]


@pytest.mark.parametrize("cry", ["ช่วยด้วย", "ช่วยด้วยค่ะ", "help me!", "ตกน้ำ"])
async def test_a_bare_cry_for_help_gets_every_number(talk, cry):
    [first, *_] = await talk(cry)

    assert re.findall(r"\b\d{3,4}\b", first.text)[:3] == ["191", "1669", "199"]


@pytest.mark.parametrize("text", ["ช่วยด้วยค่ะ ต่อภาษียังไง", "help", "ฝนตกน้ำท่วมขังถนน"])
def test_words_that_only_hold_a_cry_are_none(served, text):
    assert openers(served.served["buriram"].agency.wording).emergencies(text) == ()


async def test_an_english_emergency_is_told_in_english(talk):
    [first, *_] = await talk("my house is on fire")

    assert "call" in first.text


async def test_two_emergencies_at_once_get_both_numbers(talk):
    [first, *_] = await talk("ไฟไหม้บ้าน มีคนหมดสติอยู่ข้างใน")

    assert "1669" in first.text
    assert "199" in first.text


async def test_an_emergency_is_met_in_the_middle_of_anything(talk, vague):
    [reply, *_] = await talk(vague, "ไฟไหม้บ้าน")

    assert "199" in reply.text[:60]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_questions_are_no_emergency(served, text):
    assert openers(served.served["buriram"].agency.wording).emergencies(text) == ()


def test_no_answers_own_question_is_taken_for_small_talk_or_a_flow(served):
    taken = []
    for slug, one in served.served.items():
        known = openers(one.agency.wording)
        taken += [
            (slug, entry.id, text)
            for entry in one.agency.entries.values()
            for text in (entry.question.th, entry.question.en)
            if known.flow(text)
            or known.small_talk(text)
            or one.small_talk.kind(text, one.matcher.match(text).sureness)
        ]
    assert not taken
