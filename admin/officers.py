"""Who acts for an agency: a member of staff with the posts held at this moment."""

from enum import StrEnum

from msgspec import Struct


class Role(StrEnum):
    """What a post is for, as the profiles name it; `operator` looks after the installation."""

    REPORTER = "reporter"
    APPROVER = "approver"
    WEBMASTER = "webmaster"
    AGENT = "agent"
    EXECUTIVE = "executive"
    OFFICER = "officer"
    OPERATOR = "operator"


class Post(Struct, frozen=True, omit_defaults=True):
    """One role in one agency; of one unit, or of all of them where no unit is named."""

    role: Role
    unit: str | None = None
    acting_for: str | None = None
    """In whose place, where this is an acting officer (ผู้รักษาราชการแทน)."""


class Officer(Struct, frozen=True):
    """A member of staff as one agency sees them now."""

    id: int
    agency: str
    name: str
    posts: tuple[Post, ...] = ()

    def post(self, role: Role, unit: str | None = None) -> Post | None:
        """The post that lets them act in this role for this unit; their own before an acted one."""
        fitting = [p for p in self.posts if p.role is role and (not p.unit or p.unit == unit)]
        return min(fitting, key=lambda post: post.acting_for is not None, default=None)

    @property
    def roles(self) -> frozenset[Role]:
        """Every role held."""
        return frozenset(post.role for post in self.posts)
