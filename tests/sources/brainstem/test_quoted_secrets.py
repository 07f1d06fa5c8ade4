"""Whatever a server quotes, no token and no password of ours is shown."""

from __future__ import annotations

import logging

import pytest

import sessionframes as sf
from sessionframes.config import Secret, without_secrets
from sessionframes.demo.brainstem import Fault
from sessionframes.errors import AuthenticationError, SourceError


def shown(caught, caplog):
    """All that people see: the error, where it comes from, and the log."""
    chain, error = [], caught.value
    while error is not None:
        chain += [str(error), repr(error)]
        error = error.__cause__
    return "\n".join([*chain, caplog.text])


def quotes(token):
    """Ways to quote it."""
    return {
        "object": {"body": {"detail": f"Token {token} is not valid"}},
        "text": {"body": [f"Token {token} is not valid"]},
        "name": {"body": {f"token {token}": ["is not valid"], "more": 1}},
        "page": {"body": f"<html><title>Token {token}</title>"},
        "address": {"body": "", "headers": {"Location": f"http://127.0.0.1:9/{token}/"}},
    }


@pytest.mark.parametrize(
    ("status", "shape"),
    [
        *(
            (status, shape)
            for status in (400, 401, 403, 404, 405, 409)
            for shape in ("object", "text", "page")
        ),
        (200, "object"),
        (200, "text"),
        (200, "name"),
        (401, "name"),
        (302, "object"),
        (302, "address"),
    ],
)
def test_a_token_that_is_quoted_is_not_shown(server, db, caplog, status, shape):
    caplog.set_level(logging.DEBUG, logger="sessionframes")
    token = server.tokens["administrator"]
    server.fail(Fault(status=status, **quotes(token)[shape]), times=99)
    with pytest.raises(SourceError) as caught:
        db.get_projects()
    assert token not in shown(caught, caplog)


@pytest.mark.parametrize(("status", "shape"), [(500, "object"), (503, "page"), (200, "page")])
def test_a_token_that_is_quoted_is_not_in_the_log(server, db, caplog, status, shape):
    token = server.tokens["administrator"]
    server.fail(Fault(status=status, **quotes(token)[shape]))
    assert len(db.get_projects())
    assert "Token ***" in caplog.text
    assert token not in caplog.text


def test_a_password_that_is_quoted_is_not_shown(server, caplog):
    for password in ("hunter2xyz", "hunter2.", "ab1", 'a "b" & <c>'):
        server.fail(Fault(status=400, body={"non_field_errors": [f"bad: {password}"]}), path="token")
        with pytest.raises(AuthenticationError, match=r"bad: \*\*\*") as caught:
            sf.connect("brainstem", url=server.url, username="editor", password=password)
        assert password.removesuffix(".") not in shown(caught, caplog)


def test_a_token_that_is_quoted_to_who_saves_is_not_shown(server, db):
    token = server.tokens["administrator"]
    project = db.get_projects().index[0]
    server.fail(Fault(status=400, body={"detail": f"Token {token} is not valid"}), method="POST")
    with pytest.warns(UserWarning, match=r"Token \*\*\* is not valid") as told:
        result = db.save("sessions", {"name": "q", "projects": [project]})
    assert token not in result.to_csv() + "".join(str(one.message) for one in told)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 400, "body": "", "reason": "Token {} is not valid"},
        {"status": 403, "body": "", "reason": "{}"},
        {"status": 302, "body": "", "headers": {"Location": "http://127.0.0.1:9/{}/"}},
    ],
    ids=["reason", "reason alone", "address"],
)
def test_a_token_in_the_head_of_an_answer_to_who_saves_is_not_shown(server, db, fault):
    token = server.tokens["administrator"]
    headers = {name: value.format(token) for name, value in fault.get("headers", {}).items()}
    spoilt = {**fault, "headers": headers, "reason": fault.get("reason", "Found").format(token)}
    project = db.get_projects().index[0]
    server.fail(Fault(**spoilt), method="POST")
    with pytest.warns(UserWarning, match=r"\*\*\*") as told:
        result = db.save("sessions", {"name": "q", "projects": [project]})
    assert "***" in result["error"].iloc[0]
    assert token not in result.to_csv() + "".join(str(one.message) for one in told)


def test_words_are_left_as_they_are_but_for_secrets():
    kept = [Secret("sesame-open"), Secret("sesame-open-2"), Secret("at"), Secret(""), Secret(" . ")]
    assert without_secrets("that at sesame-open-2, sesame-open.") == "that *** ***, ***."
    del kept
    assert without_secrets("at sesame-open") == "at sesame-open"
