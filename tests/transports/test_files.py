"""Downloads from a server that does everything wrong, and stays a server."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import pickle
import random
import resource
import signal
import subprocess
import sys
import threading
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

import pytest
from requests.auth import AuthBase

from sessionframes.errors import AuthenticationError, ConfigError, DownloadError, SourceUnavailableError
from sessionframes.transports.files import FileRequest, FileTransport
from sessionframes.transports.http import HttpClient
from sessionframes.transports.http_errors import retry_after, shown
from sessionframes.transports.part import binding
from tests.fault_server import Fault, FaultServer, Seen

BODY = random.Random(1).randbytes(700_000)
OTHER = random.Random(2).randbytes(700_000)
LOGIN = b"\xef\xbb\xbf \n<!DOCTYPE html><html><head><title>Please\n log in</title></head></html>"


class Token(AuthBase):
    def __call__(self, request):
        request.headers["Authorization"] = "Token open-sesame"
        request.headers["X-Api-Key"] = "open-sesame"
        return request


@pytest.fixture
def server():
    with FaultServer() as running:
        yield running


@pytest.fixture
def elsewhere():
    with FaultServer() as running:
        yield running


@pytest.fixture
def waits():
    return []


@pytest.fixture
def transport(server, waits):
    with_short_patience = FileTransport(server.url, timeout=(2, 0.2), attempts=3, sleep=waits.append)
    yield with_short_patience
    with_short_patience.close()


def fetch(transport, url, path, **known):
    return transport.download(FileRequest(url, path.name, **known), path, progress=False)


def files_in(directory):
    return sorted(path.name for path in directory.iterdir())


# What should be plain


def test_a_file_comes_whole_into_a_new_directory(server, transport, tmp_path):
    url = server.serve("/a.nwb", BODY)
    path = tmp_path / "new" / "deep" / "a.nwb"
    assert (
        fetch(transport, url, path, size=len(BODY), checksum="md5:" + hashlib.md5(BODY).hexdigest()) == path
    )
    assert path.read_bytes() == BODY
    assert files_in(path.parent) == ["a.nwb"]
    assert server.requests[0].headers["accept-encoding"] == "identity"


def test_an_empty_file_is_a_file(server, transport, tmp_path):
    fetch(transport, server.serve("/empty"), tmp_path / "empty")
    assert (tmp_path / "empty").read_bytes() == b""


def test_a_stream_sends_nothing_before_it_is_read(server, transport):
    stream = transport.stream(FileRequest(server.serve("/a", BODY), "a"), chunk_size=100_000)
    assert server.requests == []
    chunks = list(stream)
    assert b"".join(chunks) == BODY
    assert max(map(len, chunks)) <= 100_000


def test_a_stream_left_early_closes_its_connection(server, transport):
    stream = transport.stream(FileRequest(server.serve("/a", BODY), "a"), chunk_size=1000)
    assert next(stream) == BODY[:1000]
    stream.close()
    with pytest.raises(StopIteration):
        next(stream)


@pytest.mark.parametrize("name", ["naïve 日本.nwb", "a#b?c%20d&e=f.nwb", "x" * 250, "..part", "-rf 'q\".nwb"])
def test_odd_names(server, transport, tmp_path, name):
    fetch(transport, server.serve("/files/" + name, BODY), tmp_path / name)
    assert (tmp_path / name).read_bytes() == BODY
    assert files_in(tmp_path) == [name]


def test_a_relative_url_is_relative_to_the_base(server, transport, tmp_path):
    server.serve("/well_known_files/download/5", BODY)
    fetch(transport, "/well_known_files/download/5?wkf_id=5", tmp_path / "a.nwb")
    assert server.requests[0].path == "/well_known_files/download/5?wkf_id=5"


@pytest.mark.parametrize(
    "fault", [Fault(chunked=True), Fault(lengthless=True)], ids=["chunked", "lengthless"]
)
def test_a_file_whose_length_is_not_told(server, transport, tmp_path, fault):
    fetch(transport, server.serve("/a", BODY, always=fault), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == BODY


# Faults that pass


@pytest.mark.parametrize(
    "fault",
    [
        Fault(cut=300_000),
        Fault(cut=300_000, reset=True),
        Fault(cut=300_000, chunked=True),
        Fault(stall=300_000),
    ],
    ids=["cut", "reset", "chunked", "stalled"],
)
def test_a_broken_body_is_continued_where_it_broke(server, transport, tmp_path, fault):
    path = tmp_path / "a.nwb"
    fetch(transport, server.serve("/a.nwb", BODY, faults=[fault]), path)
    assert path.read_bytes() == BODY
    first, second = server.requests
    assert "range" not in first.headers
    start = int(second.headers["range"].removeprefix("bytes=").removesuffix("-"))
    # A reset throws away what the kernel had not handed over yet.
    assert 0 < start <= 300_000 if fault.reset else start == 300_000
    assert second.headers["if-range"] == '"1"'


def test_a_server_without_ranges_sends_the_beginning_again(server, transport):
    fault = Fault(cut=300_000, ignore_range=True)
    url = server.serve("/a", BODY, faults=[fault, fault], always=Fault(ignore_range=True))
    assert b"".join(transport.stream(FileRequest(url, "a"), chunk_size=64_000)) == BODY
    assert len(server.requests) == 3


def test_a_lengthless_body_shorter_than_the_known_size_was_cut(server, transport, tmp_path):
    url = server.serve("/a", BODY, faults=[Fault(cut=1000, lengthless=True)])
    fetch(transport, url, tmp_path / "a", size=len(BODY))
    assert (tmp_path / "a").read_bytes() == BODY


def test_a_long_file_survives_more_cuts_than_there_are_attempts(server, transport):
    url = server.serve("/a", BODY, faults=[Fault(cut=100_000)] * 6)
    assert b"".join(transport.stream(FileRequest(url, "a"), chunk_size=50_000)) == BODY


def test_a_server_error_that_passes(server, transport, tmp_path, waits):
    fetch(transport, server.serve("/a", BODY, faults=[Fault(status=500)]), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == BODY
    assert len(waits) == 1
    assert 0.5 <= waits[0] <= 2


@pytest.mark.parametrize("status", [429, 503])
def test_the_server_says_how_long_to_wait(server, transport, tmp_path, waits, status):
    faults = [Fault(status=status, headers={"Retry-After": value}) for value in ("7", "86400")]
    fetch(transport, server.serve("/a", BODY, faults=faults), tmp_path / "a")
    assert 7 <= waits[0] <= 8
    assert waits[1] == 60


def test_retry_after_may_be_a_date():
    now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    assert retry_after("Sat, 21 Nov 2026 12:00:30 GMT", now) == 30
    assert retry_after("Sat, 21 Nov 2026 13:00:00 GMT", now) == 60
    assert retry_after("Sat, 21 Nov 2026 11:00:00 GMT", now) == 0
    assert [retry_after(value) for value in ("-5", "nan", "later", None)] == [0, 60, None, None]


# Faults that stay


def test_no_such_file(server, transport, tmp_path):
    with pytest.raises(DownloadError, match=r"'a.nwb'.*has no such file"):
        fetch(transport, server.url + "/gone", tmp_path / "a.nwb")
    assert files_in(tmp_path) == []
    assert len(server.requests) == 1


def test_a_server_error_for_ever(server, transport, tmp_path):
    with pytest.raises(DownloadError, match=r"500.*tried 3 times") as caught:
        fetch(transport, server.serve("/a", always=Fault(status=500)), tmp_path / "a")
    assert isinstance(caught.value.__cause__, SourceUnavailableError)
    assert len(server.requests) == 3
    assert files_in(tmp_path) == []


def test_nobody_there(transport, tmp_path):
    with FaultServer() as gone:
        url = gone.url
    with pytest.raises(DownloadError, match="refused") as caught:
        fetch(transport, url + "/a", tmp_path / "a")
    assert isinstance(caught.value.__cause__, SourceUnavailableError)


@pytest.mark.parametrize("fault", [Fault(silent=True), Fault(stall=0)], ids=["before", "within"])
def test_a_silent_server_is_given_up_in_time(server, transport, tmp_path, fault):
    began = time.monotonic()
    with pytest.raises(DownloadError, match=r"timed out.*tried 3 times"):
        fetch(transport, server.serve("/a", BODY, always=fault), tmp_path / "a")
    assert time.monotonic() - began < 3 * 0.2 + 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_not_tried_again(server, transport, tmp_path, status):
    page = b'{"detail": "Invalid token."}'
    with pytest.raises(AuthenticationError, match=r"Invalid token.*credentials"):
        fetch(transport, server.serve("/a", always=Fault(status=status, page=page)), tmp_path / "a")
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/octet-stream"])
def test_a_page_in_place_of_a_file(server, transport, tmp_path, kind):
    fault = Fault(page=LOGIN, headers={"Content-Type": kind})
    with pytest.raises(DownloadError, match="web page instead, titled 'Please log in'"):
        fetch(transport, server.serve("/a.nwb", always=fault), tmp_path / "a.nwb")
    assert files_in(tmp_path) == []


def test_a_page_that_was_asked_for(server, transport, tmp_path):
    url = server.serve("/a.html", always=Fault(page=LOGIN, headers={"Content-Type": "text/html"}))
    fetch(transport, url, tmp_path / "a.html")
    assert (tmp_path / "a.html").read_bytes() == LOGIN


def test_packed_on_the_way(server, transport, tmp_path):
    url = server.serve("/a", BODY, always=Fault(headers={"Content-Encoding": "gzip"}))
    with pytest.raises(DownloadError, match="packed as 'gzip'"):
        fetch(transport, url, tmp_path / "a.nwb")
    fetch(transport, url, tmp_path / "a.nii.gz")
    assert (tmp_path / "a.nii.gz").read_bytes() == BODY


@pytest.mark.parametrize("etags", [('"1"', '"2"'), ('W/"1"', 'W/"2"')], ids=["strong", "weak"])
def test_a_file_that_changes_while_it_comes(server, transport, etags):
    first, second = etags
    url = server.serve("/a", BODY, etag=first, faults=[Fault(cut=300_000)])
    stream = transport.stream(FileRequest(url, "a"), chunk_size=1000)
    next(stream)
    server.serve("/a", OTHER, etag=second)
    with pytest.raises(DownloadError, match="changed on the server"):
        b"".join(stream)


@pytest.mark.parametrize("size", [len(BODY) - 1, len(BODY) + 1])
@pytest.mark.parametrize("fault", [Fault(), Fault(chunked=True)], ids=["length", "chunked"])
def test_a_size_that_does_not_fit(server, transport, tmp_path, size, fault):
    with pytest.raises(DownloadError, match=r"700,000"):
        fetch(transport, server.serve("/a", BODY, always=fault), tmp_path / "a", size=size)
    assert "a" not in files_in(tmp_path)


def test_a_checksum_that_does_not_fit(server, transport, tmp_path):
    url, checksum = server.serve("/a", BODY), "sha256:" + hashlib.sha256(OTHER).hexdigest()
    with pytest.raises(DownloadError, match="sha256"):
        fetch(transport, url, tmp_path / "a", checksum=checksum)
    assert files_in(tmp_path) == []
    with pytest.raises(DownloadError, match="sha256"):
        list(transport.stream(FileRequest(url, "a", checksum=checksum)))


def test_a_checksum_of_an_unknown_kind():
    with pytest.raises(DownloadError, match="crc32"):
        FileRequest("http://host/a", "a", checksum="crc32:00")


@pytest.mark.parametrize(
    "fault",
    [Fault(status=404), Fault(cut=300_000), Fault(page=LOGIN), Fault(stall=5)],
    ids=["missing", "cut", "page", "stalled"],
)
def test_a_good_file_stays_until_the_new_one_is_whole(server, transport, tmp_path, fault):
    path = tmp_path / "a.nwb"
    path.write_bytes(b"good")
    always = Fault(cut=0) if fault.cut else fault
    with pytest.raises(DownloadError):
        fetch(transport, server.serve("/a", BODY, faults=[fault], always=always), path)
    assert path.read_bytes() == b"good"
    fetch(transport, server.serve("/a", BODY), path)
    assert path.read_bytes() == BODY


# What is on disk already


def test_what_is_there_with_the_right_checksum_is_not_fetched(server, transport, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(BODY)
    fetch(transport, server.url + "/a", path, checksum="SHA256:" + hashlib.sha256(BODY).hexdigest().upper())
    assert server.requests == []


def test_without_overwrite_what_is_there_is_kept_if_it_fits(server, transport, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"mine")
    request = FileRequest(server.url + "/a", "a")
    assert transport.download(request, path, overwrite=False, progress=False) == path
    with pytest.raises(DownloadError, match="overwrite=True"):
        sized = FileRequest(server.url + "/a", "a", size=5)
        transport.download(sized, path, overwrite=False, progress=False)
    assert path.read_bytes() == b"mine"
    assert server.requests == []


def broken_off(server, transport, path, at=300_000, **served):
    """Leave a part behind, as a call that was given up does."""
    url = server.serve("/a", BODY, faults=[Fault(cut=at)], always=Fault(status=503), **served)
    with pytest.raises(DownloadError):
        fetch(transport, url, path)
    assert not path.exists()
    part = path.with_name(path.name + ".part")
    assert part.stat().st_size == at
    return part


def test_the_next_call_continues(server, transport, tmp_path):
    path = tmp_path / "a.nwb"
    broken_off(server, transport, path)
    fetch(transport, server.serve("/a", BODY), path)
    assert path.read_bytes() == BODY
    assert server.requests[-1].headers["range"] == "bytes=300000-"
    assert files_in(tmp_path) == ["a.nwb"]


def test_a_part_that_is_whole_only_wants_its_name(server, transport, tmp_path):
    path = tmp_path / "a"
    part = broken_off(server, transport, path)
    part.write_bytes(BODY)
    fetch(transport, server.serve("/a", BODY), path)
    assert path.read_bytes() == BODY
    assert server.requests[-1].headers["range"] == f"bytes={len(BODY) - 1}-"


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ({"etag": '"1"'}, {"etag": '"2"'}),
        ({"etag": 'W/"1"'}, {"etag": 'W/"2"'}),
        (
            {"etag": None, "modified": "Sat, 21 Nov 2026 12:00:00 GMT"},
            {"etag": None, "modified": "Sun, 22 Nov 2026 12:00:00 GMT"},
        ),
        ({"etag": None}, {"etag": None}),
    ],
    ids=["etag", "weak", "date", "nothing to know it by"],
)
def test_a_part_of_another_state_is_not_continued(server, transport, tmp_path, then, now):
    path = tmp_path / "a"
    broken_off(server, transport, path, **then)
    fetch(transport, server.serve("/a", OTHER, **now), path)
    assert path.read_bytes() == OTHER


def test_a_part_of_another_file_is_not_continued(server, transport, tmp_path):
    path = tmp_path / "a"
    broken_off(server, transport, path)
    fetch(transport, server.serve("/b", OTHER), path)
    assert path.read_bytes() == OTHER
    assert "range" not in server.requests[-1].headers


@pytest.mark.parametrize("note", [None, "", "[]", '{"url": 3}'])
def test_a_part_without_a_good_note_is_not_continued(server, transport, tmp_path, note):
    path = tmp_path / "a"
    part = broken_off(server, transport, path)
    sidecar = part.with_name(part.name + ".json")
    if note is None:
        sidecar.unlink()
    else:
        sidecar.write_text(note)
    fetch(transport, server.serve("/a", BODY), path)
    assert path.read_bytes() == BODY
    assert "range" not in server.requests[-1].headers


def test_a_part_outlives_a_new_signature_but_not_another_file():
    signed = "https://bucket/a?id=5&X-Amz-Date=1&X-Amz-Signature=abc"
    assert binding(signed) == binding(signed.replace("Date=1", "Date=2").replace("abc", "def"))
    assert binding(signed) != binding(signed.replace("id=5", "id=6"))


CHILD = """
import json, signal, sys
from pathlib import Path
from sessionframes.transports.files import FileRequest, FileTransport
signal.signal(signal.SIGINT, signal.default_int_handler)
jobs = [(FileRequest(url, "a"), Path(path)) for url, path in json.loads(sys.argv[1])]
try:
    if len(jobs) == 1:
        FileTransport().download(*jobs[0], progress=False)
    else:
        FileTransport().download_many(jobs, progress=False)
except KeyboardInterrupt:
    sys.exit(42)
"""


def child(jobs):
    return subprocess.Popen([sys.executable, "-c", CHILD, json.dumps(jobs)])


def until(condition, limit=20.0):
    # A file that another process writes sends no signal.
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def size_of(path):
    return path.stat().st_size if path.exists() else 0


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill"])
@pytest.mark.parametrize("count", [1, 3], ids=["one", "many"])
def test_an_interrupted_download_goes_on_next_time(server, transport, tmp_path, end, count):
    jobs = []
    for number in range(count):
        url = server.serve(f"/{number}", BODY, faults=[Fault(stall=600_000)])
        jobs.append((url, str(tmp_path / f"{number}.nwb")))
    process = child(jobs)
    parts = [Path(path + ".part") for _, path in jobs]
    until(lambda: all(size_of(part) >= 512 * 1024 for part in parts))
    began = time.monotonic()
    process.send_signal(end)
    assert process.wait(timeout=20) == (42 if end == signal.SIGINT else -signal.SIGKILL)
    assert time.monotonic() - began < 5
    requests = [(FileRequest(url, "a"), Path(path)) for url, path in jobs]
    for path in transport.download_many(requests, progress=False):
        assert path.read_bytes() == BODY
    resumed = server.requests[count:]
    assert len(resumed) == count
    assert all(int(request.headers["range"][6:-1]) >= 512 * 1024 for request in resumed)
    assert len(files_in(tmp_path)) == count


def test_two_processes_bring_one_file_once(server, transport, tmp_path):
    go_on = threading.Event()

    def hold(_: Seen) -> None:
        go_on.wait(20)

    path = tmp_path / "a"
    url = server.serve("/a", BODY, faults=[Fault(cut=600_000), Fault(before=hold)])
    process = child([(url, str(path))])
    until(lambda: len(server.requests) == 2)
    second = threading.Thread(target=fetch, args=(transport, url, path))
    second.start()
    second.join(0.3)
    assert second.is_alive()
    assert not path.exists()
    go_on.set()
    second.join(20)
    assert process.wait(timeout=20) == 0
    assert path.read_bytes() == BODY
    assert len(server.requests) == 2
    assert files_in(tmp_path) == ["a"]


# Several at a time


def test_eight_at_once(server, transport, tmp_path):
    together = threading.Barrier(8, timeout=10)
    jobs = []
    for number in range(8):
        fault = Fault(before=lambda _: together.wait(), cut=1000 * number)
        url = server.serve(f"/{number}", BODY[number:], faults=[fault])
        jobs.append((FileRequest(url, str(number)), tmp_path / str(number)))
    assert transport.download_many(jobs, workers=8, progress=False) == [path for _, path in jobs]
    assert [path.read_bytes() == BODY[n:] for n, (_, path) in enumerate(jobs)] == [True] * 8


def test_a_failure_does_not_lose_the_others(server, transport, tmp_path):
    server.serve("/secret", always=Fault(status=403))
    names = ["a", "gone", "b", "secret", "c"]
    for name in "abc":
        server.serve("/" + name, BODY)
    jobs = [(FileRequest(server.url + "/" + name, name), tmp_path / name) for name in names]
    with pytest.raises(DownloadError, match=r"2 of 5 files") as caught:
        transport.download_many(jobs, workers=2, progress=False)
    assert "no such file" in str(caught.value)
    assert "403" in str(caught.value)
    assert [type(error) for error in caught.value.__cause__.exceptions] == [
        DownloadError,
        AuthenticationError,
    ]
    assert files_in(tmp_path) == ["a", "b", "c"]


def test_two_files_of_one_name(server, transport, tmp_path):
    jobs = [(FileRequest(server.url + "/" + name, name), tmp_path / "same") for name in "ab"]
    with pytest.raises(DownloadError, match="same name"):
        transport.download_many(jobs)
    assert server.requests == []
    assert transport.download_many([]) == []


# Progress


def test_the_bar_shows_name_and_bytes(server, transport, tmp_path, capsys):
    request = FileRequest(server.serve("/a", BODY, faults=[Fault(cut=1000)]), "a")
    transport.download(request, tmp_path / "a", description="lick spouts")
    shown_bar = capsys.readouterr().err
    assert "lick spouts: 100%" in shown_bar
    assert "684k/684k" in shown_bar
    fetch(transport, request.url, tmp_path / "b")
    assert capsys.readouterr().err == ""


# The disk


def test_a_place_that_cannot_be_written(server, transport, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    url = server.serve("/a", BODY)
    with pytest.raises(DownloadError, match="could not be written") as caught:
        fetch(transport, url, tmp_path / "file" / "a")
    assert isinstance(caught.value.__cause__, OSError)
    with pytest.raises(DownloadError, match="is a directory"):
        fetch(transport, url, tmp_path)


def test_a_disk_that_is_full_keeps_the_part(server, transport, tmp_path):
    url = server.serve("/a", BODY)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, limits[1]))
    try:
        with pytest.raises(DownloadError, match="could not be written") as caught:
            fetch(transport, url, tmp_path / "a")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.__cause__.errno == errno.EFBIG
    fetch(transport, url, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == BODY
    assert server.requests[-1].headers["range"] == "bytes=400000-"


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


def test_a_proxy_from_the_environment_is_used(server, elsewhere, monkeypatch):
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
    with pytest.raises(DownloadError) as caught:
        list(transport.stream(FileRequest(f"{url}/a?token=hush", "a")))
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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_cookie_is_not_kept(server):
    client = HttpClient(server.url)
    server.serve("/a", b"1", always=Fault(headers={"Set-Cookie": "session=1; Path=/"}))
    for _ in range(2):
        client.fetch("/a", lambda answer: answer.content)
    assert all("cookie" not in request.headers for request in server.requests)
