"""Telegram's list of commands and the button that opens it.

https://core.telegram.org/bots/features#menu-button
"""

from collections.abc import Mapping, Sequence

import structlog
from telegram import Bot, MenuButton, MenuButtonCommands
from telegram.error import BadRequest

from bot.chat_menu import ChatMenu

log = structlog.get_logger()

Commands = Mapping[str, Sequence[tuple[str, str]]]
"""Language -> (command, what it does); the first language is also that of everybody else."""


async def register(bot: Bot, agency: str, commands: Commands) -> None:
    """List the commands; a list that Telegram refuses is no reason to stay away."""
    try:
        for language, listed in _with_everybody(commands):
            await bot.set_my_commands(listed, language_code=language)
    except BadRequest:
        log.warning("telegram_commands_refused", agency=agency)


async def shows(bot: Bot, menus: Sequence[ChatMenu]) -> bool:
    """Whether the bot lists just these commands, and the button opens them."""
    return not await _out_of_step(bot, menus) and await _has_button(bot)


async def put(bot: Bot, menus: Sequence[ChatMenu]) -> bool:
    """List the commands in each language where others are listed; False where none were."""
    changed = await _out_of_step(bot, menus)
    for language, listed in changed:
        await bot.set_my_commands(listed, language_code=language)
    if await _has_button(bot):
        return bool(changed)
    await bot.set_chat_menu_button(menu_button=MenuButtonCommands())
    return True


async def _out_of_step(
    bot: Bot, menus: Sequence[ChatMenu]
) -> list[tuple[str | None, list[tuple[str, str]]]]:
    wanted = _with_everybody({menu.language: menu.commands for menu in menus})
    found = []
    for language, listed in wanted:
        told = await bot.get_my_commands(language_code=language)
        if [(one.command, one.description) for one in told] != listed:
            found.append((language, listed))
    return found


async def _has_button(bot: Bot) -> bool:
    return (await bot.get_chat_menu_button()).type == MenuButton.COMMANDS


def _with_everybody(commands: Commands) -> list[tuple[str | None, list[tuple[str, str]]]]:
    first = next(iter(commands.values()), ())
    everybody: list[tuple[str | None, list[tuple[str, str]]]] = [(None, list(first))]
    each = [(language, list(listed)) for language, listed in commands.items()]
    return [*everybody, *each] if commands else []
