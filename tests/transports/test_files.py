"""Downloads from a server that does everything wrong, and stays a server."""

from __future__ import annotations

import hashlib
import threading
import time
from datetime import UTC, datetime

import pytest

from sessionframes.errors import AuthenticationError, DownloadError, SourceUnavailableError
from sessionframes.transports.files import FileRequest
from sessionframes.transports.http_errors import retry_after
from tests.fault_server import Fault, FaultServer
from tests.transports.downloads import BODY, OTHER, fetch, files_in

LOGIN = b"\xef\xbb\xbf \n<!DOCTYPE html><html><head><title>Please\n log in</title></head></html>"


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
    assert (server.requests[0].path, server.requests[0].query) == ("/well_known_files/download/5", "wkf_id=5")


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
