"""Every page under /admin/, and who may open it: what is not in this table does not exist."""

from admin.web import account, beginning, enrolment, landing, people, person, signin, tickets
from admin.web.access import Route

ROUTES: tuple[Route, ...] = (
    *signin.ROUTES,
    *beginning.ROUTES,
    *enrolment.ROUTES,
    *account.ROUTES,
    *people.ROUTES,
    *person.ROUTES,
    *tickets.ROUTES,
    *landing.ROUTES,
    landing.LAST,  # it takes what no other row takes
)
