"""Who asks: a token, and how a new one is fetched. It is kept in memory and goes to one server only."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from requests.auth import AuthBase

from sessionframes.config import Secret
from sessionframes.errors import AuthenticationError, ConfigError, SourceResponseError
from sessionframes.transports.http import HttpClient
from sessionframes.transports.http_errors import StatusError, readable

if TYPE_CHECKING:
    import requests

__all__ = ["HOW_TO_LOG_IN", "Login"]

HOW_TO_LOG_IN = (
    "Give username= and password=, or token=, or set ALYX_LOGIN and ALYX_PWD, or ALYX_TOKEN; "
    "what ONE has kept under ~/.one for this server is used too."
)
_DOOR = "auth-token"


class Login(AuthBase):
    """Puts a token on requests, and fetches it with a name and a password when there is none.

    Parameters
    ----------
    url : str
        The server's address.
    token : str, optional
        The one to begin with.
    username, password : str, optional
        By which the server gives one.
    timeout : tuple of float
        How long to wait for a connection, and for the next byte, in s.

    Raises
    ------
    ConfigError
        There is no way to get in, or what is said cannot be a token.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        username: str | None = None,
        password: str | None = None,
        timeout: tuple[float, float] = (10, 60),
    ) -> None:
        if token is None and (username is None or password is None):
            message = "Alyx wants to know who asks, and nobody has said."
            raise ConfigError(message, source="alyx", hint=HOW_TO_LOG_IN)
        self._token = None if token is None else Secret(_checked(token))
        self._username = username
        self._password = None if password is None else Secret(password)
        self._lock = threading.Lock()
        self._client = HttpClient(url, timeout=timeout, stays=True)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the token on `request`."""
        if self._token is not None:
            request.headers["Authorization"] = f"Token {self._token.reveal()}"
        return request

    def __repr__(self) -> str:
        return f"Login(username={self._username!r})"

    def token(self) -> Secret:
        """Return the token that signs now, fetched if there is none.

        Raises
        ------
        sessionframes.errors.AuthenticationError
            The server gives none for this name and password.
        """
        with self._lock:
            if self._token is None:
                self._token = self._fetched()
            return self._token

    def renew(self, invalid: Secret, error: AuthenticationError) -> None:
        """Fetch another token in place of one that the server calls invalid.

        Parameters
        ----------
        invalid : Secret
            Which; where another thread has replaced it meanwhile, nothing is fetched.
        error : AuthenticationError
            What the server said; raised where there is no name and password.
        """
        with self._lock:
            # Whoever asks at the same time has been turned away too.
            if self._token != invalid:
                return
            if self._username is None or self._password is None:
                raise error
            self._token = self._fetched()

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._client.close()

    def _fetched(self) -> Secret:
        told = {"username": self._username, "password": self._password.reveal() if self._password else None}
        headers = {"Accept": "application/json"}

        def posted() -> Any:
            # It changes nothing: the server has one token for each of its users, and gives that.
            return self._client.fetch(_DOOR, _object, method="POST", json=told, headers=headers, follow=False)

        try:
            answer = self._client.retry(posted)
        except StatusError as error:
            message = f"there was no token for {self._username!r} and their password: {error.message}"
            raise AuthenticationError(message, source="alyx", hint=HOW_TO_LOG_IN) from error
        token = answer.get("token")
        if not isinstance(token, str):
            message = f"{readable(self._client.url(_DOOR))} answered without a token."
            raise SourceResponseError(message, source="alyx", hint="Is this the address of an Alyx?")
        return Secret(_checked(token))


def _object(answer: requests.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        # Its words are not quoted, since they may be a token.
        message = f"{readable(answer.url)} did not answer with a JSON object."
        raise SourceResponseError(message, source="alyx", hint="Is this the address of an Alyx?")
    return found


def _checked(token: str) -> str:
    token = token.strip()
    # What is no plain word would end the header, or add another.
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        message = "the token is none: empty, or with blanks or odd characters within."
        raise ConfigError(message, source="alyx", column="token", hint=HOW_TO_LOG_IN)
    return token
