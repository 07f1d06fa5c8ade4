"""What an earlier call, another process or a full disk left behind."""

from __future__ import annotations

import errno
import hashlib
import json
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sessionframes.errors import DownloadError
from sessionframes.transports.files import FileRequest
from sessionframes.transports.part import binding
from tests.fault_server import Fault, Seen
from tests.transports.downloads import BODY, OTHER, fetch, files_in


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
    sized = FileRequest(server.url + "/a", "a", size=5)
    with pytest.raises(DownloadError, match="overwrite=True"):
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
        ({"etag": '"1"'}, {"etag": None}),
    ],
    ids=["etag", "weak", "date", "nothing to know it by", "no longer known"],
)
def test_a_part_of_another_state_is_not_continued(server, transport, tmp_path, then, now):
    path = tmp_path / "a"
    broken_off(server, transport, path, **then)
    fetch(transport, server.serve("/a", OTHER, **now), path)
    assert path.read_bytes() == OTHER


def test_a_part_longer_than_the_file_now_is(server, transport, tmp_path):
    path = tmp_path / "a"
    broken_off(server, transport, path)
    fetch(transport, server.serve("/a", OTHER[:1000]), path)
    assert path.read_bytes() == OTHER[:1000]


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


def test_an_interrupt_does_not_wait_for_silent_servers(server, tmp_path):
    urls = [server.serve(f"/{number}", always=Fault(silent=True)) for number in range(3)]
    process = child([(url, str(tmp_path / url[-1])) for url in urls])
    until(lambda: len(server.requests) == 3)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 42
    assert time.monotonic() - began < 5


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
