"""For administrators: who works here, and what roles may do."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from inbox.worker_models import Role as Kept
from inbox.worker_models import User
from web import auth, role_words, roles
from web.api.v1.change import Changing
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Given, Id, Made, Moment, Number, Shown, Text
from web.permissions import PERMISSIONS, allow
from web.reader import Reader
from web.signin import addresses, factors, inviting, links

HERE = "/api/v1/users"
ROLES = "/api/v1/roles"
TAG = "administration"
OWN = "One's own password is changed on the page, by somebody who knows the one before."

router = _router()
Users = Annotated[Reader, Depends(allow("users.manage"))]
Roles = Annotated[Reader, Depends(allow("roles.manage"))]
Role = Annotated[str, Field(pattern=r"^(admin|agent|marketer|dpo|role:[1-9][0-9]{0,14})$")]
"""A built-in role, or one made here by its key (`role:3`)."""
Seen = Annotated[
    list[Number] | None,
    Field(max_length=500, description="Conversations of these accounts alone; null: of every account."),
]


class OneUser(Shown):
    """Somebody who works here."""

    id: int
    email: str
    name: str
    role: Role
    disabled: bool
    accounts: list[int] | None = Field(description="They see these accounts alone; null: all that their role sees.")
    language: str
    time_zone: str
    created_at: Moment
    last_seen: Moment | None
    sign_ins: int = Field(0, description="Browsers in which they are signed in.")
    app: bool = Field(False, description="They have an app for codes as a second factor.")
    passkeys: int = 0
    invited: bool = Field(False, description="They have no password yet, and have not been here.")
    link_until: Moment | None = Field(None, description="So long the link holds that an administrator sent them.")


class NewUser(Given):
    """Somebody new."""

    email: Text = Field(min_length=3, max_length=320)
    name: Text = Field("", max_length=200)
    password: Text | None = Field(
        None, min_length=10, max_length=1000, description="None: they are invited by mail and choose one by its link."
    )
    role: Role = "agent"


class OtherUser(Given):
    """What changes about a user."""

    role: Role | None = None
    disabled: bool | None = None
    email: Text | None = Field(
        None, min_length=3, max_length=320, description="Their address from now on; the one before is told by mail."
    )


class Accounts(Given):
    """Which accounts somebody sees."""

    accounts: Seen


class Password(Given):
    """A new password."""

    password: Text = Field(min_length=10, max_length=1000)


class OneRole(BaseModel):
    """What people may do and see who have it."""

    key: str = Field(description="How users name it: admin, or role:3.")
    id: int | None = Field(description="Of one that was made here; the built-in ones cannot be changed.")
    name: str = Field(description="In the language of the token's owner.")
    permissions: list[str]
    reach: Literal["all", "teams", "own"] = Field(description="Whose conversations.")
    accounts: list[int] | None = Field(description="Conversations of these accounts alone; null: of every account.")
    users: list[int] = Field(description="Who has it.")


class NewRole(Given):
    """A role as somebody wants it."""

    name: Text = Field(min_length=1, max_length=roles.NAME)
    permissions: list[Text] = Field(min_length=1, max_length=100, description="As `x-permission` of the addresses.")
    reach: Literal["all", "teams", "own"] = "all"
    accounts: Seen = None


class MadeRole(BaseModel):
    """A new role."""

    id: int
    key: str


class Instead(Given):
    """What takes its place."""

    instead: Role | None = Field(None, description="The role that those get who have it; needed when somebody has.")


@router.get(HERE, tags=[TAG])
def users(reader: Users) -> All[OneUser]:
    """Who works here, oldest first."""
    with db.read() as session:
        found, proofs = auth.everybody(session), {one.id: one for one in factors.people(session)}
        standing = links.standing(session)
    return All(items=[_user_shown(one, proofs[one.id or 0], standing.get(one.id or 0)) for one in found])


def _user_shown(user: User, proofs: factors.Person, standing: links.Standing | None) -> OneUser:
    more = {"sign_ins": proofs.sessions, "app": proofs.factors.app is not None, "passkeys": proofs.factors.keys}
    sent = {"invited": standing.invited, "link_until": standing.until} if standing is not None else {}
    return OneUser.model_validate(user).model_copy(update={**more, **sent})


@router.post(HERE, tags=[TAG], response_model=Made, status_code=201)
def add(change: Changing, reader: Users, body: NewUser) -> Response:
    """Add somebody; who gets no password is invited by mail."""

    def work(session: Session) -> Made:
        given = body.email, body.name, body.password or "", body.role
        made = inviting.add(session, *given, reader.actor, reader.power, reader.language)
        return Made(id=made.id or 0)

    return change.do(work, 201)


@router.post(f"{HERE}/{{user_id}}", tags=[TAG], response_model=Changed)
def edit(change: Changing, reader: Users, user_id: Id, body: OtherUser) -> Response:
    """Give a user another role or address, shut them out, or let them in again."""

    def work(session: Session) -> Changed:
        _user(session, user_id)
        moved = False
        if body.email is not None:
            moved = addresses.give(session, user_id, body.email, reader.actor, reader.power, reader.language)
        if body.role is not None:
            auth.set_role(session, user_id, body.role, reader.actor, reader.power)
        if body.disabled is not None:
            auth.set_disabled(session, user_id, body.disabled, reader.actor, reader.power)
        return Changed(id=user_id, changed=moved or body.role is not None or body.disabled is not None)

    return change.do(work)


@router.post(f"{HERE}/{{user_id}}/accounts", tags=[TAG], response_model=Changed)
def see(change: Changing, reader: Users, user_id: Id, body: Accounts) -> Response:
    """Have somebody see the conversations of some accounts alone, or of all that their role sees."""

    def work(session: Session) -> Changed:
        before = _user(session, user_id).accounts
        auth.set_accounts(session, user_id, body.accounts, reader.actor, reader.power)
        return Changed(id=user_id, changed=_user(session, user_id).accounts != before)

    return change.do(work)


@router.post(f"{HERE}/{{user_id}}/password", tags=[TAG], response_model=Changed)
def password(change: Changing, reader: Users, user_id: Id, body: Password) -> Response:
    """Give somebody else a new password because they forgot theirs; all their sign-ins end."""

    def work(session: Session) -> Changed:
        _user(session, user_id)
        if user_id == reader.user_id:
            raise Refused(422, OWN, "rejected")
        auth.reset_password(session, user_id, body.password, reader.actor, reader.power)
        return Changed(id=user_id, changed=True)

    return change.do(work)


@router.post(f"{HERE}/{{user_id}}/link", tags=[TAG], response_model=Changed)
def link(change: Changing, reader: Users, user_id: Id) -> Response:
    """Send somebody a mail with a link to choose a password by, or their invitation again; older links end."""

    def work(session: Session) -> Changed:
        _user(session, user_id)
        inviting.send(session, user_id, reader.actor, reader.power, reader.language)
        return Changed(id=user_id, changed=True)

    return change.do(work)


@router.post(f"{HERE}/{{user_id}}/sign-out", tags=[TAG], response_model=Changed)
def sign_out(change: Changing, reader: Users, user_id: Id) -> Response:
    """End all sign-ins of somebody in browsers; tokens go on."""

    def work(session: Session) -> Changed:
        _user(session, user_id)
        return Changed(id=user_id, changed=auth.sign_out(session, user_id, reader.actor, reader.power))

    return change.do(work)


def _user(session: Session, user_id: int) -> User:
    found = session.get(User, user_id)
    if found is None:
        raise Refused(404)
    return found


# --- roles --------------------------------------------------------------------------------------------


@router.get(ROLES, tags=[TAG])
def all_roles(reader: Roles) -> All[OneRole]:
    """Every role with who has it, the built-in ones first."""
    with db.read() as session:
        own, having = {one.key: one for one in roles.every(session)}, roles.holders(session)
        return All(
            items=[
                _shown(session, key, name, own.get(key), having.get(key, []))
                for key, name in role_words.named(session, reader).items()
            ]
        )


@router.get(f"{ROLES}/{{role_id}}", tags=[TAG])
def one_role(reader: Roles, role_id: Id) -> OneRole:
    """One role that was made here."""
    with db.read() as session:
        row = _role(session, role_id)
        return _shown(session, row.key, row.name, row, roles.holders(session).get(row.key, []))


def _shown(session: Session, key: str, name: str, row: Kept | None, having: list[User]) -> OneRole:
    values = {"id": row.id, "reach": row.reach, "accounts": row.accounts} if row else {"id": None, "accounts": None}
    permissions = sorted(roles.granted_to(session, key))
    return OneRole.model_validate(
        {"reach": "all", **values, "key": key, "name": name, "permissions": permissions,
         "users": [one.id for one in having]}
    )  # fmt: skip


@router.post(ROLES, tags=[TAG], response_model=MadeRole, status_code=201)
def add_role(change: Changing, reader: Roles, body: NewRole) -> Response:
    """Make a role; it may no more than the token."""

    def work(session: Session) -> MadeRole:
        key = roles.save(session, None, _wanted(body), reader.actor, reader.power)
        return MadeRole(id=int(key.partition(":")[2]), key=key)

    return change.do(work, 201)


@router.post(f"{ROLES}/{{role_id}}", tags=[TAG], response_model=Changed)
def edit_role(change: Changing, reader: Roles, role_id: Id, body: NewRole) -> Response:
    """Change a role as a whole; who has it may at once what it says now."""

    def work(session: Session) -> Changed:
        _role(session, role_id)
        roles.save(session, role_id, _wanted(body), reader.actor, reader.power)
        return Changed(id=role_id, changed=True)

    return change.do(work)


@router.post(f"{ROLES}/{{role_id}}/remove", tags=[TAG], response_model=Changed)
def remove_role(change: Changing, reader: Roles, role_id: Id, body: Instead) -> Response:
    """Remove a role; who has it gets another one."""

    def work(session: Session) -> Changed:
        _role(session, role_id)
        roles.remove(session, role_id, body.instead or "", reader.actor, reader.power)
        return Changed(id=role_id, changed=True)

    return change.do(work)


def _wanted(body: NewRole) -> roles.Wanted:
    if unknown := [one for one in body.permissions if one not in PERMISSIONS]:
        raise Refused(422, f"There is no permission {unknown[0]}.", "rejected")
    return roles.Wanted(body.name, body.permissions, body.reach, body.accounts)


def _role(session: Session, role_id: int) -> Kept:
    found = session.get(Kept, role_id)
    if found is None:
        raise Refused(404)
    return found
