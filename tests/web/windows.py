"""Windows of a browser, as new for each test, though the browser begins them once for many."""

import shutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Error, Page, expect

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
"""Without windows it needs half as much of the processor; what pages do in it is the same."""
MISSING = "NO BROWSER: the web chat's page was NOT tested. Install Debian's package chromium."
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

SCREENS = {"phone": (360, 740), "desktop": (1280, 800)}
PATIENCE = 15_000
"""Milliseconds until something that does not come is missed."""
expect.set_options(timeout=PATIENCE)
EMPTY = "about:blank"
FORGET = "() => { localStorage.clear(); sessionStorage.clear(); }"


SMALLER_SIDES = """(all) => all.map((one) => {
    const { width, height } = one.getBoundingClientRect();
    return [Math.min(width, height), one.textContent.trim()];
})"""


async def too_small(page: Page, taps: str, least: float = 44) -> list[tuple[float, str]]:
    """What can be tapped and is smaller than a finger: its smaller side, and its words."""
    sides = await page.locator(taps).evaluate_all(SMALLER_SIDES)
    assert sides, f"nothing to tap: {taps}"
    return [(side, words) for side, words in sides if side < least]


@dataclass
class Windows:
    """Gives windows to a test, and takes them back empty: to begin one costs half a second."""

    launch: Callable[[], Awaitable[Browser]]
    faults: list[str] = field(default_factory=list)
    """What scripts of pages complained of since the last test."""
    _free: dict[str, list[Page]] = field(default_factory=dict)
    _given: list[tuple[str, Page]] = field(default_factory=list)
    _browser: Browser | None = None

    async def open(
        self,
        path: str,
        screen: str = "phone",
        *,
        base: str,
        width: int | None = None,
        color_scheme: Any = "light",
        **how: Any,
    ) -> Page:
        """A page in a window of its own; a browser that died is begun anew."""
        browser = await self._living()
        kind = repr((base, sorted(how.items())))
        free = self._free.setdefault(kind, [])
        page = free.pop() if free else await self._begin(browser, base_url=base, **how)
        self._given.append((kind, page))
        wide, high = SCREENS[screen]
        await page.set_viewport_size({"width": width or wide, "height": high})
        await page.emulate_media(media="null", color_scheme=color_scheme)
        await page.goto(path)
        return page

    async def _living(self) -> Browser:
        if self._browser is None or not self._browser.is_connected():
            self._free.clear()
            self._browser = await self.launch()
        return self._browser

    async def _begin(self, browser: Browser, **how: Any) -> Page:
        context = await browser.new_context(reduced_motion="reduce", **how)
        context.set_default_timeout(PATIENCE)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._listen)
        return page

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(message.text)

    async def take_back(self) -> list[str]:
        """Empty what the test had open; returns what scripts complained of."""
        for kind, page in self._given:
            if await _is_emptied(page):
                self._free.setdefault(kind, []).append(page)
        self._given.clear()
        found, self.faults = self.faults, []
        return found

    async def close(self) -> None:
        """End the browser, if one was begun."""
        if self._browser is not None:
            await self._browser.close()


async def _is_emptied(page: Page) -> bool:
    """Forget all that was done here; a window that cannot be emptied is closed."""
    context = page.context
    with suppress(Error):
        for other in context.pages[1:]:
            await other.close()
        await page.unroute_all(behavior="ignoreErrors")
        await page.evaluate(FORGET)
        await page.goto(EMPTY)
        await context.clear_cookies()
        return True
    with suppress(Error):
        await context.close()
    return False
