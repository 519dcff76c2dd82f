"""The table of moves: what follows from it whatever the tickets are."""

from datetime import date
from itertools import pairwise, product

import pytest

from admin.moves import (
    MOVES,
    OPEN,
    OVER,
    Ending,
    IllegalMove,
    Move,
    Status,
    may_close,
    may_sign,
    post_for,
    rule_of,
    steps_for,
)
from admin.numbers import fiscal_year, tracking_number, typed_number
from admin.officers import Officer, Post, Role
from bot.settings import ROOT
from knowledge.chains import THREE_SIGN, Chain, Kind, Step
from knowledge.folders import load_defaults

CHAINS = {
    chain.kind: chain
    for chain in load_defaults(ROOT / "knowledge" / "agencies" / "_default").chains
}
WEB = CHAINS["wrong-info"]
RULES = [(move, rule) for move, rules in MOVES.items() for rule in rules]


def test_every_move_has_a_row_and_every_open_status_a_way_out_and_on():
    assert set(MOVES) == set(Move)
    for status in OPEN:
        ways = {rule.end for _, rule in RULES if status in rule.start} - {None, status}
        assert ways, status


def test_every_status_can_be_reached_and_every_open_one_can_end():
    edges = {(start, rule.end) for _, rule in RULES for start in rule.start if rule.end}
    reached = grown({Status.RECEIVED}, edges)
    ending = grown(set(OVER), {(end, start) for start, end in edges})

    assert reached == set(Status)
    assert ending == set(Status)


def grown(found: set[Status], edges: set[tuple[Status, Status]]) -> set[Status]:
    """What can be reached from these along the edges."""
    while more := {end for start, end in edges if start in found} - found:
        found |= more
    return found


def test_no_status_has_two_rows_for_one_move_of_one_side():
    for move, status, kind, by_citizen in product(Move, Status, Kind, (True, False)):
        fitting = [
            rule
            for rule in MOVES[move]
            if status in rule.start and kind in rule.kinds and by_citizen == (not rule.roles)
        ]
        assert len(fitting) <= 1, (move, status, kind)


def test_who_answers_questions_settles_them_and_nothing_else():
    agent = Officer(1, "x", "ก", (Post(Role.AGENT),))
    for kind in Kind:
        rule = rule_of(Move.PREPARE, Status.WITH_UNIT, kind=kind, by_citizen=False)
        if kind is Kind.QUESTION:
            assert post_for(rule, agent, "roads").role is Role.AGENT
        else:
            with pytest.raises(IllegalMove, match=r"refused\.not_yours"):
                post_for(rule, agent, "roads")


def test_a_webmaster_closes_what_was_published_and_nothing_that_goes_not_to_the_website():
    webmaster = Officer(1, "x", "ก", (Post(Role.WEBMASTER), Post(Role.EXECUTIVE)))
    rule = rule_of(Move.CLOSE, Status.PUBLISHED, kind=Kind.WRONG_INFO, by_citizen=False)
    assert post_for(rule, webmaster, "roads").role is Role.WEBMASTER
    for status in (Status.PREPARED, Status.APPROVED):
        rule = rule_of(Move.CLOSE, status, kind=Kind.WRONG_INFO, by_citizen=False)
        with pytest.raises(IllegalMove, match=r"refused\.not_yours"):
            post_for(rule, webmaster, "roads")


def test_only_signing_leads_to_what_is_signed():
    signed = {Status.PREPARED: Step.PREPARE, Status.APPROVED: Step.APPROVE}
    signed[Status.PUBLISHED] = Step.PUBLISH
    for move, rule in RULES:
        if rule.end in signed:
            assert rule.signs is signed[rule.end], move


@pytest.mark.parametrize("status", sorted(OVER))
def test_what_is_over_can_be_touched_by_nobody_but_to_open_it_again(status):
    moves = {move for move, rule in RULES if status in rule.start}

    assert moves <= {Move.REOPEN, Move.SPLIT}


def test_what_ends_on_the_website_is_signed_by_three_in_every_chain():
    assert {kind for kind in CHAINS if CHAINS[kind].steps == tuple(Step)} == THREE_SIGN


@pytest.mark.parametrize(
    "steps", [("approve",), ("approve", "prepare"), ("prepare", "approve"), ()]
)
def test_a_profile_cannot_shorten_or_turn_the_chain_of_the_website(steps):
    with pytest.raises(ValueError):  # noqa: PT011 - pydantic's own words
        Chain.model_validate(
            {
                "kind": "wrong-info",
                "steps": steps,
                "first_reply_days": 1,
                "days": {"immediate": 1, "on-change": 1, "scheduled": 1, "urgent": 1},
            }
        )


@pytest.mark.parametrize(
    ("step", "signers", "by", "refused"),
    [
        (Step.PREPARE, {}, 1, None),
        (Step.APPROVE, {Step.PREPARE: 1}, 2, None),
        (Step.PUBLISH, {Step.PREPARE: 1, Step.APPROVE: 2}, 3, None),
        (Step.APPROVE, {}, 2, "refused.not_signed_before"),
        (Step.PUBLISH, {Step.PREPARE: 1}, 3, "refused.not_signed_before"),
        (Step.PUBLISH, {Step.APPROVE: 1}, 3, "refused.not_signed_before"),
        (Step.APPROVE, {Step.PREPARE: 1}, 1, "refused.same_person"),
        (Step.PUBLISH, {Step.PREPARE: 1, Step.APPROVE: 2}, 1, "refused.same_person"),
        (Step.PUBLISH, {Step.PREPARE: 1, Step.APPROVE: 2}, 2, "refused.same_person"),
    ],
)
def test_three_persons_sign_one_after_the_other(step, signers, by, refused):
    if refused is None:
        may_sign(step, WEB, Ending.CORRECTED, signers, by)
        return
    with pytest.raises(IllegalMove, match=refused):
        may_sign(step, WEB, Ending.CORRECTED, signers, by)


@pytest.mark.parametrize("ending", sorted(set(Ending) - {Ending.CORRECTED}))
def test_where_nothing_on_the_website_changes_nobody_publishes(ending):
    assert steps_for(WEB, ending) == (Step.PREPARE, Step.APPROVE)
    may_close(WEB, Status.APPROVED, ending, {Step.PREPARE, Step.APPROVE})
    with pytest.raises(IllegalMove, match=r"refused\.not_in_chain"):
        may_sign(Step.PUBLISH, WEB, ending, {Step.PREPARE: 1, Step.APPROVE: 2}, 3)


@pytest.mark.parametrize("status", [Status.PREPARED, Status.APPROVED])
def test_corrected_is_said_only_of_what_was_published(status):
    with pytest.raises(IllegalMove, match=r"refused\.not_all_signed"):
        may_close(WEB, status, Ending.CORRECTED, set(Step))
    with pytest.raises(IllegalMove, match=r"refused\.not_all_signed"):
        may_close(WEB, Status.PUBLISHED, Ending.CORRECTED, {Step.PREPARE, Step.PUBLISH})


def test_a_reporter_acts_for_the_own_unit_and_an_acting_officer_is_known_as_one():
    prepare = rule_of(Move.PREPARE, Status.WITH_UNIT, kind=Kind.WRONG_INFO, by_citizen=False)
    roads = Post(Role.REPORTER, "roads")
    stand_in = Post(Role.REPORTER, "roads", acting_for="หัวหน้ากองช่าง")

    assert post_for(prepare, Officer(1, "x", "ก", (stand_in, roads)), "roads") == roads
    assert post_for(prepare, Officer(1, "x", "ก", (stand_in,)), "roads") == stand_in
    with pytest.raises(IllegalMove, match=r"refused\.not_yours"):
        post_for(prepare, Officer(1, "x", "ก", (roads,)), "health")


@pytest.mark.parametrize("move", [m for m, rules in MOVES.items() if m is not Move.WITHDRAW])
def test_who_only_looks_after_the_installation_moves_nothing(move):
    officer = Officer(1, "x", "ก", (Post(Role.OPERATOR), Post(Role.OFFICER)))
    for rule in MOVES[move]:
        if rule.roles:
            with pytest.raises(IllegalMove):
                post_for(rule, officer, "roads")


@pytest.mark.parametrize(
    "typed", ["{}", "เลขที่ {} ครับ", "  {}\n", "เรื่อง{}"], ids=["bare", "words", "spaces", "glued"]
)
def test_a_tracking_number_is_known_however_it_is_written(typed):
    number = tracking_number(2569, 42)
    thai = number.translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙"))

    for form in (number, thai, number.replace("-", ""), number.replace("-", " ")):
        assert typed_number(typed.format(form)) == number


def test_one_wrong_digit_or_two_swapped_are_found_in_a_tracking_number():
    for count in (1, 42, 907, 12345, 123456):
        number = tracking_number(2569, count)
        digits = [at for at, letter in enumerate(number) if letter.isdigit()]
        wrong = {
            number[:at] + other + number[at + 1 :]
            for at in digits
            for other in "0123456789"
            if other != number[at]
        }
        swapped = set()
        for a, b in pairwise(digits):
            letters = list(number)
            letters[a], letters[b] = letters[b], letters[a]
            swapped.add("".join(letters))

        assert [one for one in (wrong | swapped) - {number} if typed_number(one)] == []


def test_the_fiscal_year_begins_in_october():
    assert fiscal_year(date(2026, 9, 30)) == 2569
    assert fiscal_year(date(2026, 10, 1)) == 2570
