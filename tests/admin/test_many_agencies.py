"""An operator of very many agencies: the first page is short, and leads to each of them."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from admin.lists import PAGE
from admin.web.shell import Admin
from knowledge.registry import Served
from tests.admin.conftest import Browser, House
from tests.fakes import AGENCY

MANY = 7_850


@pytest.fixture
async def country(house: House) -> AsyncIterator[str]:
    """The address of pages of every local body there is."""
    one = house.equipment.served(AGENCY)
    assert one
    slugs = [f"sao-{n:04}" for n in range(MANY)]

    def served(slug: str) -> Served | None:
        profile = one.agency.profile
        th = f"องค์การบริหารส่วนตำบล{'ตะปอน' if slug == 'sao-0017' else f'ที่ {slug[4:]}'}"
        name = profile.name.model_copy(update={"th": th, "short_th": "อบต."})
        named = profile.model_copy(update={"name": name})
        agency = one.agency.model_copy(update={"slug": slug, "profile": named})
        return replace(one, agency=agency)

    app = web.Application()
    Admin(replace(house.equipment, slugs=lambda: slugs, served=served)).add_to(app)
    server = TestServer(app)
    await server.start_server(shutdown_timeout=0.1)
    yield str(server.make_url("")).rstrip("/")
    await server.close()


def links(browser: Browser) -> list[str]:
    return re.findall(r'href="/admin/(sao-\d+)/"', browser.text)


async def test_each_of_them_is_reached_page_by_page_or_by_name(
    country: str, operator: Browser
) -> None:
    operator.url = country
    await operator.get("/admin/")
    assert len(links(operator)) == PAGE
    assert "หน้า 1 จาก 157" in operator.text
    found = re.search(r'href="([^"]+)" rel="next"', operator.text)
    assert found
    await operator.get(unescape(found[1]))
    assert f"sao-{PAGE:04}" in links(operator)
    await operator.get("/admin/?page=9999")
    assert len(links(operator)) == PAGE

    for words in ("sao-4321", "SAO 4321", "ตำบลที่ ๔๓๒๑"):
        await operator.get("/admin/", params={"q": words})
        assert links(operator) == ["sao-4321"], words
    await operator.get("/admin/", params={"q": "อบต.ตะปอน"})
    assert links(operator) == ["sao-0017"]
    await operator.get("/admin/", params={"q": "78", "page": "2"})
    assert "q=78" in operator.text
    await operator.get("/admin/", params={"q": "<b>ไม่มี"})
    assert "ไม่พบหน่วยงานชื่อนี้" in operator.text
    assert "&lt;b&gt;ไม่มี" in operator.text


async def test_a_few_are_shown_at_once(operator: Browser) -> None:
    await operator.get("/admin/")

    assert 'role="search"' not in operator.text
    assert "rel=" not in operator.text.split("<main")[1]
