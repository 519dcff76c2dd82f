"""axe, which finds what keeps people from using a page, as far as a machine can tell."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page

EVERY = {"resultTypes": ["violations"]}
"""All rules that axe has by itself; only what is wrong is looked up in full."""
RULES = EVERY | {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
"""WCAG 2.1 AA, and what is good besides."""
RUN = """async (options) => (await axe.run(options)).violations.map((rule) =>
    `${rule.id} (${rule.impact}): ${rule.help}\\n` + rule.nodes.map((node) =>
        `${node.target.join(" ")}\\n${node.html}\\n${node.failureSummary}`).join("\\n"))"""


async def violations(page: Page, rules: dict[str, list[str]] = RULES) -> list[str]:
    """What is wrong with the page as it stands, each with its elements."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_SCRIPT)
    found: list[str] = await page.evaluate(RUN, rules)
    return found
