"""Who may do what in the demo's Alyx: tokens, and the words of those who are turned away."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass
from hashlib import sha1
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from sessionframes.demo.alyx.refusals import Refusal, detail

if TYPE_CHECKING:
    from sessionframes.demo.http import Request

#: From a role to the user who has it.
USERS = {"superuser": "root", "member": "reader", "public": "visitor"}
PASSWORD = "the demo's password"  # noqa: S105  # nobody's real one
_NOBODY = "Authentication credentials were not provided."


@dataclass
class Access:
    """Knows users, and counts what they ask.

    Attributes
    ----------
    throttle : int, optional
        How many requests a user has in a window.
    window : float
        Of the throttle, in s.
    generation : int
        How often all tokens were made anew.
    """

    throttle: int | None = None
    window: float = 60.0
    generation: int = 0

    def __post_init__(self) -> None:
        self._asked: dict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def token(self, role: str) -> str:
        """Return the token of the user with this role."""
        text = f"sessionframes demo {USERS[role]} {self.generation}"
        return sha1(text.encode(), usedforsecurity=False).hexdigest()

    def log_in(self, request: Request) -> str:
        """Return the token for a user's name and password.

        Raises
        ------
        Refusal
            One of them is missing or wrong.
        """
        told = _told(request)
        missing = {
            name: ["This field is required."] for name in ("username", "password") if not told.get(name)
        }
        if missing:
            raise Refusal(400, missing)
        for role, name in USERS.items():
            if (told["username"], told["password"]) == (name, PASSWORD):
                return self.token(role)
        raise Refusal(400, {"non_field_errors": ["Unable to log in with provided credentials."]})

    def role(self, request: Request) -> str:
        """Return the role of the user who asks.

        Raises
        ------
        Refusal
            Nobody known, or somebody who may not do that.
        """
        parts = request.headers.get("authorization", "").split()
        if not parts or parts[0].lower() != "token":
            raise detail(403, _NOBODY)
        if len(parts) == 1:
            raise detail(403, "Invalid token header. No credentials provided.")
        if len(parts) > 2:
            raise detail(403, "Invalid token header. Token string should not contain spaces.")
        role = next((role for role in USERS if self.token(role) == parts[1]), None)
        if role is None:
            raise detail(403, "Invalid token.")
        if role == "public" and request.method != "GET":
            raise detail(403, "You do not have permission to perform this action.")
        return role

    def count(self, whose: str) -> None:
        """Note that somebody asks.

        Raises
        ------
        Refusal
            Too often.
        """
        if self.throttle is None:
            return
        with self._lock:
            now, asked = time.monotonic(), self._asked[whose]
            while asked and asked[0] <= now - self.window:
                asked.popleft()
            if len(asked) >= self.throttle:
                wait = max(1, -int(-(asked[0] + self.window - now) // 1))
                words = f"Request was throttled. Expected available in {wait} second{'s' * (wait > 1)}."
                raise Refusal(429, {"detail": words}, {"Retry-After": str(wait)})
            asked.append(now)

    def forget(self) -> None:
        """Forget how often was asked."""
        with self._lock:
            self._asked.clear()


def _told(request: Request) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    text = request.body.decode("utf-8", "replace")
    if kind == "application/json":
        try:
            told = json.loads(text or "{}")
        except ValueError as error:
            raise detail(400, f"JSON parse error - {error}") from None
        return told if isinstance(told, dict) else {}
    return dict(parse_qsl(text, keep_blank_values=True))
