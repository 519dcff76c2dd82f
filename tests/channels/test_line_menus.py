"""The rich menus of LINE are what the profile says: made once, changed whole, others left alone."""

import io
import json
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace
from PIL import Image

from admin.chat_menus import CHOICES, MOST_LINKS, chat_menus, left_out
from bot.channels.channel import DeliveryError, Menued
from bot.channels.line import LineChannel
from bot.channels.line_events import read_event
from bot.channels.line_menus import wanted_of
from bot.channels.menu_images import drawn
from bot.channels.splitting import units
from bot.chat_menu import HEIGHT, WIDTH, Bounds, ChatMenu, Sign, Tile, layout
from bot.messages import Kind
from bot.settings import ROOT
from handlers.openers import FLOWS
from knowledge.agency import Agency
from knowledge.bulletins import Link
from knowledge.folders import load_agency, load_defaults
from tests.fakes import AGENCY
from tests.platforms import LINE_TOKEN, FakeLine, Fault, line_channel

MEGABYTE = 1024 * 1024
AGENCIES = ROOT / "knowledge" / "agencies"


@pytest.fixture(scope="module")
def agency() -> Agency:
    """A real agency, which has no important links of its own yet."""
    return load_agency(AGENCIES / AGENCY, load_defaults(AGENCIES / "_default"))


@pytest.fixture
async def line() -> AsyncIterator[FakeLine]:
    line = FakeLine()
    await line.start()
    yield line
    await line.stop()


@pytest.fixture
async def channel(line: FakeLine) -> AsyncIterator[LineChannel]:
    channel = line_channel(line.url, timeout=5)
    yield channel
    await channel.close()


def with_links(agency: Agency, *urls: str) -> Agency:
    """The same agency with so many made-up important links."""
    links = tuple(
        Link(id=f"l{at}", th=f"ลิงก์ที่ {at}", en=f"Link {at}", url=url) for at, url in enumerate(urls)
    )
    return agency.model_copy(
        update={"newsroom": agency.newsroom.model_copy(update={"links": links})}
    )


def menu_of(*tiles: Tile) -> ChatMenu:
    return ChatMenu("th", "อบต.", "เมนู", tiles, (("menu", "เมนู"),))


def writing(*, changes: int, line: FakeLine) -> bool:
    """Whether just so many requests changed something since."""
    return sum(one.verb != "GET" for one in line.asked) == changes


async def test_each_language_gets_a_menu_with_its_picture_and_an_alias(
    channel: LineChannel, line: FakeLine, agency: Agency
) -> None:
    assert isinstance(channel, Menued)
    assert not await channel.shows_menu(chat_menus(agency))

    assert await channel.set_menu(chat_menus(agency))

    rich = line.rich
    assert set(rich.aliases) == {"menu-th", "menu-en"}
    assert rich.default == rich.aliases["menu-th"]
    assert set(rich.images) == set(rich.menus) == set(rich.aliases.values())
    assert await channel.shows_menu(chat_menus(agency))
    uploads = line.of("content")
    assert {one.headers["Content-Type"] for one in uploads} == {"image/png"}
    assert {one.headers["Authorization"] for one in uploads} == {f"Bearer {LINE_TOKEN}"}


async def test_what_is_in_step_is_left_as_it_is(
    channel: LineChannel, line: FakeLine, agency: Agency
) -> None:
    await channel.set_menu(chat_menus(agency))
    line.asked.clear()

    assert not await channel.set_menu(chat_menus(agency))

    assert writing(changes=0, line=line)


async def test_a_changed_profile_makes_new_menus_and_the_old_ones_go_last(
    channel: LineChannel, line: FakeLine, agency: Agency
) -> None:
    await channel.set_menu(chat_menus(agency))
    before = set(line.rich.menus)
    line.asked.clear()

    changed = chat_menus(with_links(agency, "https://example.go.th/"))
    assert not await channel.shows_menu(changed)
    assert await channel.set_menu(changed)

    assert not before & set(line.rich.menus)
    assert len(line.rich.menus) == 2
    assert line.rich.default == line.rich.aliases["menu-th"]
    verbs = [one.verb for one in line.asked if one.verb != "GET"]
    assert verbs == sorted(verbs, reverse=True)  # every POST before the first DELETE


async def test_menus_of_other_tools_are_left_alone(
    channel: LineChannel, line: FakeLine, agency: Agency
) -> None:
    line.rich.menus["theirs"] = {**wanted_of(chat_menus(agency)[0]).menu, "name": "Songkran"}
    line.rich.images["theirs"] = b"-"
    line.rich.aliases["songkran"] = "theirs"

    await channel.set_menu(chat_menus(agency))

    assert "theirs" in line.rich.menus
    assert line.rich.aliases["songkran"] == "theirs"
    assert await channel.shows_menu(chat_menus(agency))


@pytest.mark.parametrize("method", ["richmenu", "content", "alias", "richmenu-1"])
async def test_broken_off_anywhere_it_is_whole_the_next_time(
    channel: LineChannel, line: FakeLine, agency: Agency, method: str
) -> None:
    line.fail(method, Fault(500))
    with pytest.raises(DeliveryError) as broken:
        await channel.set_menu(chat_menus(agency))
    assert broken.value.reason == "server error"

    assert await channel.set_menu(chat_menus(agency))

    assert set(line.rich.menus) == set(line.rich.aliases.values())
    assert len(line.rich.menus) == 2
    assert await channel.shows_menu(chat_menus(agency))


async def test_a_language_that_is_given_up_takes_its_menu_along(
    channel: LineChannel, line: FakeLine, agency: Agency
) -> None:
    await channel.set_menu(chat_menus(agency))

    await channel.set_menu(chat_menus(agency)[:1])

    assert set(line.rich.aliases) == {"menu-th"}
    assert len(line.rich.menus) == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(Fault(401), "credentials"), (Fault(429), "rate"), (Fault(hang=True), "timeout")],
)
async def test_what_line_refuses_is_told(
    line: FakeLine, agency: Agency, fault: Fault, reason: str
) -> None:
    channel = line_channel(line.url, timeout=0.3)
    line.fail("content", fault)

    with pytest.raises(DeliveryError) as refused:
        await channel.set_menu(chat_menus(agency)[:1])
    await channel.close()

    assert refused.value.reason == reason


def test_tiles_send_the_choices_of_the_menu_in_words(agency: Agency) -> None:
    for menu in chat_menus(agency):
        actions = [area["action"] for area in wanted_of(menu).menu["areas"]]
        sent = {one["data"]: one for one in actions if one["type"] == "postback"}
        assert list(sent) == [value for value, _, _ in CHOICES]
        assert set(sent) <= set(FLOWS)
        for value, key, _ in CHOICES:
            label = agency.wording.say(key, menu.language)
            assert sent[value]["displayText"] == label
            event = {
                "type": "postback",
                "source": {"type": "user", "userId": "U1"},
                "postback": {"data": sent[value]["data"]},
                "webhookEventId": "e",
            }
            read = read_event(event, "aa", lambda _: None)
            assert read is not None
            assert (read.kind, read.choice) == (Kind.CHOICE, value)


def test_the_other_language_is_one_tap_away(agency: Agency) -> None:
    thai, english = (
        [area["action"] for area in wanted_of(m).menu["areas"]] for m in chat_menus(agency)
    )

    [to_english] = [one for one in thai if one["type"] == "richmenuswitch"]
    [to_thai] = [one for one in english if one["type"] == "richmenuswitch"]
    assert (to_english["richMenuAliasId"], to_english["data"]) == ("menu-en", "lang:en")
    assert (to_thai["richMenuAliasId"], to_thai["data"]) == ("menu-th", "lang:th")


def test_links_open_their_pages_and_what_has_no_room_is_told(agency: Agency) -> None:
    urls = [f"https://example.go.th/{at}" for at in range(MOST_LINKS + 1)]
    many = with_links(agency, "http://ตัวอย่าง.ไทย/หน้า", "https://localhost/", *urls)

    actions = [area["action"] for area in wanted_of(chat_menus(many)[0]).menu["areas"]]

    opened = [one["uri"] for one in actions if one["type"] == "uri"]
    assert len(opened) == MOST_LINKS
    assert opened[0].isascii()
    assert opened[0].startswith("http://xn--")
    assert opened[1:] == urls[: MOST_LINKS - 1]
    assert [link.url for link in left_out(many)] == ["https://localhost/", *urls[MOST_LINKS - 1 :]]


@pytest.mark.parametrize(("slug", "links"), [(AGENCY, 0), ("mof-ops", 6)])
def test_a_menu_keeps_to_the_limits_of_line(slug: str, links: int) -> None:
    agency = load_agency(AGENCIES / slug, load_defaults(AGENCIES / "_default"))
    for menu in chat_menus(with_links(agency, *["https://example.go.th/ก"] * links)):
        wanted = wanted_of(menu)
        image = Image.open(io.BytesIO(wanted.image))
        assert (image.format, image.size) == ("PNG", (WIDTH, HEIGHT))
        assert len(wanted.image) < MEGABYTE
        assert units(wanted.menu["chatBarText"]) <= 14
        assert len(wanted.menu["areas"]) <= 20
        assert len(wanted.name) <= 300
        assert all(units(area["action"]["label"]) <= 20 for area in wanted.menu["areas"])


@pytest.mark.parametrize("links", range(7))
def test_tiles_fill_the_picture_and_never_overlap(agency: Agency, links: int) -> None:
    [menu, _] = chat_menus(with_links(agency, *["https://example.go.th/"] * links))
    places = layout(menu.tiles)

    assert all(p.x >= 0 and p.x + p.width <= WIDTH and p.y + p.height <= HEIGHT for p in places)
    for at, one in enumerate(places):
        for other in places[at + 1 :]:
            apart = (
                one.x + one.width <= other.x
                or other.x + other.width <= one.x
                or one.y + one.height <= other.y
                or other.y + other.height <= one.y
            )
            assert apart
    below = [p for p in places if p.y]
    assert sum(p.width * p.height for p in below) == WIDTH * (HEIGHT - min(p.y for p in below))


def ink(label: str) -> int:
    """How many dark pixels the only tile of a menu has."""
    tile = Tile(label, (label,), Sign.NEWS, "news")
    image = Image.open(io.BytesIO(drawn(menu_of(tile)))).convert("L")
    [place] = layout([tile])
    box = (place.x + 10, place.y + 10, place.x + place.width - 10, place.y + place.height - 10)
    return sum(image.crop(box).histogram()[:100])


def test_vowels_and_tone_marks_are_drawn() -> None:
    assert ink("ที่") > ink("ที") > ink("ท")
    assert ink("น้ำ") > ink("นำ")
    assert ink("ปู่") > ink("ปู")


def rows_of_ink(label: str) -> list[int]:
    """The rows of a picture in which the words of its only tile have ink, the sign left out."""
    tile = Tile(label, (label,), Sign.NEWS, "news")
    image = (
        Image.open(io.BytesIO(drawn(menu_of(tile)))).convert("L").point(lambda v: 255 * (v < 60))
    )
    [place] = layout([tile])
    box = (place.x + 10, place.y + place.height // 2, place.x + place.width - 10, HEIGHT - 10)
    found = image.crop(box).getbbox()
    assert found
    return [found[1], found[3]]


def test_a_tone_mark_stands_above_the_vowel_and_not_on_it() -> None:
    """Without shaping both would stand at one height."""
    vowel, both = rows_of_ink("ที"), rows_of_ink("ที่")

    assert both[0] < vowel[0] - 8


def test_a_word_too_long_for_its_tile_ends_in_an_ellipsis_and_stays_inside() -> None:
    long = "นโยบายคุ้มครองข้อมูลส่วนบุคคล" * 6
    tiles = [Tile(long, (long,), Sign.LINK, url="https://a.go.th/") for _ in range(6)]
    image = Image.open(io.BytesIO(drawn(menu_of(*tiles)))).convert("L")

    for place in layout(tiles):
        right = Bounds(place.x + place.width - 20, place.y + 8, 14, place.height - 16)
        strip = image.crop((right.x, right.y, right.x + right.width, right.y + right.height))
        assert strip.getextrema()[0] > 200


def test_the_name_of_a_menu_changes_with_what_it_shows_and_does(agency: Agency) -> None:
    [menu, _] = chat_menus(agency)
    again = wanted_of(replace(menu))
    other = wanted_of(
        replace(menu, tiles=(replace(menu.tiles[0], choice="other"), *menu.tiles[1:]))
    )

    assert wanted_of(menu).name == again.name != other.name
    assert json.dumps(again.menu)
