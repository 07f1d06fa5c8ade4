"""Where secrets go and do not go, and what one attempt is."""

from __future__ import annotations

import pickle
import threading
import traceback

import pytest
from requests.auth import AuthBase

from sessionframes.errors import ConfigError, DownloadError, SourceUnavailableError
from sessionframes.transports.files import FileRequest, FileTransport
from sessionframes.transports.http import HttpClient
from sessionframes.transports.http_errors import shown
from tests.fault_server import Fault, FaultServer
from tests.transports.downloads import BODY


class Token(AuthBase):
    def __call__(self, request):
        request.headers["Authorization"] = "Token open-sesame"
        request.headers["X-Api-Key"] = "open-sesame"
        return request


# Secrets


def test_credentials_stay_at_their_origin(server, elsewhere, waits):
    transport = FileTransport(server.url, Token(), sleep=waits.append)
    target = elsewhere.serve("/b", BODY)
    back = server.serve("/c", BODY)
    over_there = elsewhere.serve("/back", always=Fault(status=302, headers={"Location": back}))
    for path, location in {"/same": "/c", "/other": target, "/round": over_there}.items():
        url = server.serve(path, always=Fault(status=302, headers={"Location": location}))
        assert b"".join(transport.stream(FileRequest(url, "a", headers={"X-Mine": "1"}))) == BODY
    assert b"".join(transport.stream(FileRequest(target, "b"))) == BODY
    assert {request.headers.get("authorization") for request in server.requests} == {"Token open-sesame"}
    assert server.seen("/c")[0].headers["x-mine"] == "1"
    assert elsewhere.requests
    for request in elsewhere.requests:
        assert not {"authorization", "x-api-key", "x-mine"} & set(request.headers)
        assert "open-sesame" not in str(request)


def test_one_host_with_two_ports_is_two_origins(server, elsewhere):
    with pytest.raises(ConfigError, match="base URL"):
        FileTransport(auth=Token())
    list(FileTransport(server.url, Token()).stream(FileRequest(elsewhere.serve("/a", BODY), "a")))
    assert "authorization" not in elsewhere.requests[0].headers


def test_netrc_is_not_read(server, elsewhere, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    moved = Fault(status=302, headers={"Location": elsewhere.serve("/a", BODY)})
    request = FileRequest(server.serve("/moved", always=moved), "a")
    list(FileTransport().stream(request))
    list(FileTransport(server.url, Token()).stream(request))
    assert [seen.headers.get("authorization") for seen in server.requests] == [None, "Token open-sesame"]
    assert [seen.headers.get("authorization") for seen in elsewhere.requests] == [None, None]


def test_a_proxy_from_the_environment_is_used(elsewhere, monkeypatch):
    monkeypatch.setenv("http_proxy", elsewhere.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(DownloadError, match="no such file"):
        list(FileTransport().stream(FileRequest("http://far.example/a", "a")))
    assert [request.path for request in elsewhere.requests] == ["http://far.example/a"]


@pytest.mark.parametrize("fault", [Fault(status=404), Fault(status=500), Fault(silent=True), Fault(cut=10)])
def test_no_secret_in_an_error(server, transport, fault):
    host = server.url.removeprefix("http://")
    server.serve("/a", BODY, always=fault)
    request = FileRequest(f"http://me:hush@{host}/a?X-Amz-Signature=hush&id=5", "a")
    with pytest.raises(DownloadError, match="id=5") as caught:
        list(transport.stream(request))
    assert "hush" not in "".join(traceback.format_exception(caught.value))
    assert "hush" not in repr(request) + shown(request.url)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_no_secret_when_nobody_is_there(transport):
    with FaultServer() as gone:
        url = gone.url
    request = FileRequest(f"{url}/a?token=hush", "a")
    with pytest.raises(DownloadError) as caught:
        list(transport.stream(request))
    assert "hush" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "url", ["ftp://host/a?token=hush", "http:///a?token=hush", "not a url", "http://[::1/a"]
)
def test_an_address_that_is_none(url, waits):
    with pytest.raises(DownloadError) as caught:
        list(FileTransport(sleep=waits.append).stream(FileRequest(url, "a")))
    assert "hush" not in "".join(traceback.format_exception(caught.value))
    assert waits == []


# The client under it


def test_get_and_read_are_one_attempt(server, waits):
    client = HttpClient(server.url, sleep=waits.append, timeout=(2, 0.2), attempts=4)
    server.serve("/a", b'{"a": 1}', faults=[Fault(cut=3), Fault(stall=3), Fault(status=502)])
    assert client.fetch("a", lambda answer: answer.json()) == {"a": 1}
    assert len(server.requests) == 4
    client.close()


def test_what_is_not_idempotent_is_sent_once(server, waits):
    client = HttpClient(server.url, sleep=waits.append)
    server.serve("/a", always=Fault(status=500))
    with pytest.raises(SourceUnavailableError):
        client.fetch("/a", lambda answer: answer.content, method="POST", json={})
    assert len(server.requests) == 1


def test_each_thread_has_a_session_and_keeps_its_connection(server):
    client = HttpClient(server.url)
    ports = []
    server.serve("/a", b"1", always=Fault(before=lambda _: ports.append(threading.get_ident())))
    for _ in range(3):
        client.fetch("/a", lambda answer: answer.content)
    # The server has one thread for each connection.
    assert len(set(ports)) == 1
    other = threading.Thread(target=client.fetch, args=("/a", lambda answer: answer.content))
    other.start()
    other.join()
    assert len(ports) == 4
    client.close()


def test_a_cookie_is_not_kept(server):
    client = HttpClient(server.url)
    server.serve("/a", b"1", always=Fault(headers={"Set-Cookie": "session=1; Path=/"}))
    for _ in range(2):
        client.fetch("/a", lambda answer: answer.content)
    assert all("cookie" not in request.headers for request in server.requests)
