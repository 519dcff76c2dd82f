"""Every page under /admin/, and who may open it: what is not in this table does not exist."""

from admin.web import (
    account,
    acting,
    announcement_drafts,
    announcement_files,
    announcement_quota,
    announcement_recipients,
    announcement_sending,
    announcements,
    announcing,
    beginning,
    enrolment,
    evidence,
    landing,
    menus,
    overview,
    people,
    person,
    proposals,
    question_answers,
    questions,
    reception,
    signin,
    ticket,
    tickets,
    unanswered,
)
from admin.web.access import Route

ROUTES: tuple[Route, ...] = (
    *signin.ROUTES,
    *beginning.ROUTES,
    *enrolment.ROUTES,
    *account.ROUTES,
    *people.ROUTES,
    *person.ROUTES,
    *tickets.ROUTES,
    *reception.ROUTES,
    *ticket.ROUTES,
    *acting.ROUTES,
    *evidence.ROUTES,
    *overview.ROUTES,
    *unanswered.ROUTES,  # before the numbers of questions
    *questions.ROUTES,
    *question_answers.ROUTES,
    *proposals.ROUTES,
    *announcement_drafts.ROUTES,  # before the numbers of announcements
    *announcements.ROUTES,
    *announcement_files.ROUTES,
    *announcing.ROUTES,
    *announcement_sending.ROUTES,
    *announcement_quota.ROUTES,
    *announcement_recipients.ROUTES,
    *menus.ROUTES,
    *landing.ROUTES,
    landing.LAST,  # it takes what no other row takes
)
