"""Passwords that are typed on pages: choosing a new one, and showing one's own again."""

from admin import logins
from admin.logins import ACCOUNT
from admin.passwords import TooManyAtOnce, weakness
from admin.web.entering import write_down
from admin.web.visit import Visit

Faults = dict[str, str]


def chosen(visit: Visit, *others: str) -> tuple[str, Faults]:
    """The new password of a form, and what is wrong with it by field."""
    password, again = visit.form.raw("new_password"), visit.form.raw("again_password")
    if key := weakness(password, *others):
        return "", {"new_password": visit.say(key)}
    if password != again:
        return "", {"again_password": visit.say("faults.password_again")}
    return password, {}


async def fault_of_own(visit: Visit) -> str:
    """What is wrong with one's own password as it was typed; empty where it is right."""
    key = logins.key_of(visit.equipment.key, "own", str(visit.person.id))
    async with visit.write() as session:
        attempt = await logins.begin(session, {key: ACCOUNT}, visit.now)
    if attempt.locked_for:
        return visit.say("signin.locked", minutes=attempt.minutes)
    kept, typed = visit.person.password, visit.form.raw("password")
    try:
        is_right = await visit.equipment.passwords.matches(kept, typed)
    except TooManyAtOnce:
        return visit.say("signin.busy")
    async with visit.write() as session:
        if is_right:
            await logins.succeed(session, key)
        else:
            what = "login.locked" if attempt.locks else "login.failed"
            await write_down(session, visit, what, visit.person.id, step="own password")
    return "" if is_right else visit.say("faults.password_wrong")
