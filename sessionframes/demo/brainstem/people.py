"""Who may do what in the demo's BrainSTEM: tokens, passwords, projects, and the login of a device."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sessionframes.demo.brainstem.models import MODELS
from sessionframes.demo.brainstem.refusals import Refusal, detail, not_allowed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessionframes.demo.brainstem.models import Model
    from sessionframes.demo.brainstem.store import Store

    Record = dict[str, Any]
    Rights = dict[str, Literal["view", "change"]]

ROLES = ("reader", "editor", "administrator")


@dataclass(frozen=True)
class Person:
    """Somebody with a token.

    Attributes
    ----------
    role : str
        "reader", "editor" or "administrator".
    rights : dict
        Of each project of theirs, by id: "view" or "change"; an administrator needs none.
    """

    role: str
    rights: Rights

    @property
    def is_administrator(self) -> bool:
        """Whether they see and change everything."""
        return self.role == "administrator"


@dataclass(frozen=True)
class Access:
    """What one request may see and change: somebody's, or what is public.

    Attributes
    ----------
    store : Store
        The records.
    person : Person, optional
        Whose; None sees what hangs on public projects.
    """

    store: Store
    person: Person | None

    @property
    def whose(self) -> str:
        """The role of that person, or "anybody"."""
        return self.person.role if self.person is not None else "anybody"

    def visible(self, model: Model) -> dict[str, Record]:
        """Return the records that are seen, by their ids."""
        key = ("visible", model.name, self.whose)
        if key not in self.store.remembered:
            rows = {str(row["id"]): row for row in self.store.all(model) if self._sees(model, row)}
            self.store.remembered[key] = rows
        found: dict[str, Record] = self.store.remembered[key]
        return found

    def require_change(self, model: Model, record: Record) -> None:
        """Refuse unless this person may change the record, or make one like it.

        Raises
        ------
        Refusal
            They may not.
        """
        if self.person is None:
            raise not_allowed()
        if self.person.is_administrator:
            return
        changed = {own_id for own_id, right in self.person.rights.items() if right == "change"}
        # A new project belongs to who makes it; what belongs to no project, to everybody who edits at all.
        is_new_project = model.name == "project" and record["id"] not in self.visible(model)
        needed = changed if not model.projects or is_new_project else self._projects(model, record)
        if not changed & needed:
            raise not_allowed()

    def _sees(self, model: Model, record: Record) -> bool:
        if not model.projects or (self.person is not None and self.person.is_administrator):
            return True
        return bool(self._projects(model, record) & self._own_projects())

    def _own_projects(self) -> set[str]:
        if self.person is not None:
            return set(self.person.rights)
        return {str(row["id"]) for row in self.store.all(MODELS["project"]) if row.get("is_public")}

    def _projects(self, model: Model, record: Record) -> set[str]:
        return {value for value in self.store.values(model, record, model.projects) if value is not None}


@dataclass
class DeviceLogin:
    """How the next logins of a device go.

    Attributes
    ----------
    pending : int
        How often the device hears that nobody has answered yet.
    outcome : str
        What it hears then: "success", "access_denied" or "expired_token".
    role : str
        Whose token it gets.
    interval : float
        How long it is told to wait between two questions, in s.
    """

    pending: int = 1
    outcome: str = "success"
    role: str = "reader"
    interval: float = 0


class People:
    """The tokens there are, and how more of them are got.

    Parameters
    ----------
    rights : mapping
        Of each role: its projects.
    """

    def __init__(self, rights: Mapping[str, Rights]) -> None:
        self.tokens = {role: secrets.token_urlsafe(30) for role in ROLES}
        self.passwords = {role: secrets.token_urlsafe(12) for role in ROLES}
        self.device_login = DeviceLogin()
        self._people = {role: Person(role, dict(rights.get(role, {}))) for role in ROLES}
        self._roles = {token: role for role, token in self.tokens.items()}
        #: Of each device that asks: how often it has been put off, or None once it has its token.
        self._devices: dict[str, int | None] = {}

    def restore(self, rights: Mapping[str, Rights]) -> None:
        """Give everybody the rights they had at first; tokens stay good."""
        for role, person in self._people.items():
            person.rights.clear()
            person.rights.update(rights.get(role, {}))

    def who(self, authorization: str | None) -> Person:
        """Return whose token this is.

        Raises
        ------
        Refusal
            There is none, or nobody has it.
        """
        if not authorization:
            raise detail(401, "Authentication credentials were not provided.")
        scheme, _, token = authorization.partition(" ")
        role = self._roles.get(token.strip()) if scheme.lower() == "bearer" else None
        if role is None:
            raise detail(401, "Invalid token.")
        return self._people[role]

    def password_login(self, told: Any) -> dict[str, str]:
        """Answer the older request for a token; names are roles.

        Raises
        ------
        Refusal
            The name or the password is missing, or wrong.
        """
        given = told if isinstance(told, dict) else {}
        missing = [name for name in ("username", "password") if not given.get(name)]
        if missing:
            raise Refusal(400, {name: ["This field is required."] for name in missing})
        if self.passwords.get(given["username"]) != given["password"]:
            raise Refusal(400, {"non_field_errors": ["Unable to log in with provided credentials."]})
        return {"token": self.tokens[given["username"]]}

    def begin_device_login(self, url: str) -> dict[str, Any]:
        """Answer a device that wants a token; `url` is where the server listens."""
        code, session = secrets.token_urlsafe(24), secrets.token_hex(8)
        self._devices[code] = 0
        return {
            "device_code": code,
            "user_code": f"{secrets.token_hex(2)}-{secrets.token_hex(2)}".upper(),
            "session_id": session,
            "verification_uri": f"{url}/authorize/",
            "verification_uri_complete": f"{url}/authorize/?session={session}",
            "interval": self.device_login.interval,
            "expires_in": 900,
        }

    def end_device_login(self, told: Any) -> dict[str, str]:
        """Answer a device that asks whether somebody has let it in: never with an error's status."""
        code = told.get("device_code") if isinstance(told, dict) else None
        if code not in self._devices:
            return {"error": "expired_token"}
        put_off = self._devices[code]
        if put_off is None:
            return {"error": "already_used"}
        if put_off < self.device_login.pending:
            self._devices[code] = put_off + 1
            return {"status": "authorization_pending"}
        if self.device_login.outcome != "success":
            return {"error": self.device_login.outcome}
        self._devices[code] = None
        return {"status": "success", "token": self._new_token(self.device_login.role)}

    def _new_token(self, role: str) -> str:
        token = secrets.token_urlsafe(30)
        self._roles[token] = role
        return token
