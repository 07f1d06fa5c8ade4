"""The device login: the user allows it on a web page, and this machine is handed a token meanwhile."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from sessionframes.config import Secret, without_secrets
from sessionframes.errors import AuthenticationError, SourceResponseError, SourceUnavailableError
from sessionframes.sources.brainstem.access import (
    BearerToken,
    address_of,
    keep_origin,
    keep_token,
    read_object,
    token_path,
)
from sessionframes.transports.http import HttpClient
from sessionframes.transports.http_errors import ServerBusyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sessionframes.config import Options

_START, _POLL = "api/auth/device/", "api/auth/device/token/"
#: Where the server does not say, in s: how long to wait between two questions, and in all.
_INTERVAL, _WINDOW = 5.0, 900.0
#: What a server may say, in s, without being taken for broken: one that says 0 would be asked without end.
_SHORTEST_INTERVAL = 1.0
_LONGEST_INTERVAL, _LONGEST_WINDOW = 60.0, 3600.0
_AGAIN = "Run 'sessionframes login brainstem' again."
_REFUSALS = {
    "access_denied": ("the login was denied on the web page.", f"If that was a mistake: {_AGAIN}"),
    "expired_token": ("nobody allowed the login in time, and its code has expired.", _AGAIN),
    "already_used": (
        "the code of this login has been used: its token was handed out, and did not arrive here.",
        f"Revoke that token on the web page of your tokens. {_AGAIN}",
    ),
}


def log_in(
    options: Options,
    tell: Callable[[str], None],
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Get a token by the device login, and keep it where all clients of BrainSTEM look for one.

    There is one such place: a login at another server replaces the token. From here it is sent to no server
    but the one that made it.

    Parameters
    ----------
    options : Options
        With url.
    tell : callable
        Shows the user a line: where to go and what to enter there, and where the token is kept; never the
        token itself.
    sleep, clock : callable
        Wait for a time, and tell one, in s.

    Raises
    ------
    sessionframes.errors.AuthenticationError
        The login was denied, was not allowed in time, or its code is spent.
    sessionframes.errors.SourceError
        The server cannot be reached, or does not answer as it should.
    sessionframes.errors.ConfigError
        The address is none, or the token cannot be written.
    """
    url = address_of(options)
    # One attempt each: a question that is asked again may come after the token was handed out.
    with closing(HttpClient(url, attempts=1)) as client:
        started = _asked(client, _START, {"client_name": "sessionframes"})
        code, page = Secret(_text(started, "device_code")), _text(started, "verification_uri")
        tell(
            f"To log in, open {_printable(page)} and enter the code {_printable(_text(started, 'user_code'))}"
        )
        whole = started.get("verification_uri_complete")
        if isinstance(whole, str) and whole not in ("", page):
            tell(f"or open {_printable(whole)}")
        tell("Waiting for it to be allowed there; Ctrl-C gives up.")
        interval = max(_SHORTEST_INTERVAL, _seconds(started.get("interval"), _INTERVAL, _LONGEST_INTERVAL))
        end = clock() + _seconds(started.get("expires_in"), _WINDOW, _LONGEST_WINDOW)
        token = None
        while token is None:
            if clock() >= end:
                raise _refused("expired_token")
            sleep(interval)
            token, interval = _polled(client, code, interval)
    # Checks it too: what is no token must not replace one.
    BearerToken(token.reveal())
    keep_token(token.reveal().strip(), token_path())
    keep_origin(token.reveal(), url, token_path())
    tell(f"Logged in. The token is kept in {token_path()}, for your eyes only.")
    if options["token"] is not None:
        tell(
            f"It is not used while there is another, which is closer to the call: {options.origins['token']}."
        )


def _polled(client: HttpClient, code: Secret, interval: float) -> tuple[Secret | None, float]:
    """Ask once; return the token, or None, and how long to wait before asking again, in s."""
    try:
        answer = _asked(client, _POLL, {"device_code": code.reveal()})
    except ServerBusyError as error:
        return None, max(interval, error.retry_after or 0.0)
    except SourceUnavailableError:
        # The user is at the web page meanwhile; a lost answer must not make them begin again.
        return None, interval
    if answer.get("status") == "success":
        return Secret(_text(answer, "token")), interval
    if answer.get("status") == "authorization_pending":
        return None, interval
    refusal = answer.get("error")
    # As RFC 8628 has it.
    if refusal in ("authorization_pending", "slow_down"):
        return None, interval + (_INTERVAL if refusal == "slow_down" else 0.0)
    raise _refused(refusal)


def _asked(client: HttpClient, address: str, body: dict[str, str]) -> dict[str, Any]:
    return client.fetch(address, read_object, method="POST", json=body, follow=False)


def _refused(error: Any) -> AuthenticationError:
    message, hint = _REFUSALS.get(
        str(error), (f"the login failed: {_printable(without_secrets(str(error)))[:200]!r}.", _AGAIN)
    )
    return AuthenticationError(message, source="brainstem", hint=hint)


def _text(answer: dict[str, Any], name: str) -> str:
    found = answer.get(name)
    if not isinstance(found, str) or not found.strip():
        message = f"the server began a login, but told no {name}."
        raise SourceResponseError(message, source="brainstem", hint="Is this the address of a BrainSTEM?")
    return found


def _seconds(told: Any, default: float, longest: float) -> float:
    is_number = isinstance(told, int | float) and not isinstance(told, bool)
    return min(max(0.0, told), longest) if is_number else default


def _printable(text: str) -> str:
    """Return a text of the server's without what could move the cursor or colour the screen."""
    return "".join(char for char in text if char.isprintable())
