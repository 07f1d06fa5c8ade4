"""The buckets of the demo's AIND, read as people read S3."""

from __future__ import annotations

import pytest
import requests
import s3fs

from sessionframes.demo.aind import AindServer, Fault
from tests.demo.aind_asking import DATA_BUCKET, OWN_BUCKET, SESSION, SORTED, Asker, recorded_files

HARD = "a b#c?d+e%20é.txt"
FILES = recorded_files() | {f"{DATA_BUCKET}/hard/{HARD}": bytes(range(256)) * 40}


@pytest.fixture(scope="module")
def one_server():
    with AindServer(files=FILES) as server:
        yield server


@pytest.fixture
def server(one_server):
    one_server.reset()
    return one_server


@pytest.fixture
def opened(server):
    """The file system of somebody with a key, or of anybody."""

    def open_it(key: str | None = None, secret: str | None = None) -> s3fs.S3FileSystem:
        return s3fs.S3FileSystem(
            anon=key is None,
            key=key,
            secret=secret,
            endpoint_url=server.s3_url,
            skip_instance_cache=True,
            use_listings_cache=False,
        )

    return open_it


def test_anybody_lists_and_reads_what_is_public(opened):
    files = opened()
    raw = f"{DATA_BUCKET}/{SESSION}"
    assert sorted(one.rpartition("/")[2] for one in files.ls(raw)) == [
        *(
            "behavior",
            "behavior_videos",
            "ecephys_clipped",
            "ecephys_compressed",
            "metadata_all",
            "session.json",
        ),
    ]
    assert files.find(f"{raw}/behavior") == [f"{raw}/behavior/a.pkl"]
    assert files.exists(raw)
    assert files.isdir(raw)
    assert not files.exists(f"{raw}x")
    assert files.cat_file(f"{raw}/session.json") == b"x"


def test_names_may_hold_anything_and_parts_are_read(server, opened):
    files = opened()
    assert files.find(f"{DATA_BUCKET}/hard") == [f"{DATA_BUCKET}/hard/{HARD}"]
    path = f"{DATA_BUCKET}/hard/{HARD}"
    assert files.size(path) == 256 * 40
    server.reset()
    assert files.cat_file(path, start=250, end=260) == bytes([*range(250, 256), *range(4)])
    seen = server.requests[-1]
    assert (seen.service, seen.method, seen.status, seen.sent) == ("s3", "GET", 206, 10)


def test_what_is_private_needs_the_key(server, opened):
    path = f"{OWN_BUCKET}/{SORTED[1]}/output"
    with pytest.raises(PermissionError, match="Access Denied"):
        opened().ls(OWN_BUCKET)
    with pytest.raises(PermissionError):
        opened().cat_file(path)
    assert opened(server.s3_key, server.s3_secret).cat_file(path) == b"all is ok"
    with pytest.raises(PermissionError, match="does not exist in our records"):
        opened("AKIASOMEBODYELSE", "x").ls(DATA_BUCKET)


def test_buckets_that_are_known_are_there_and_no_others(opened):
    assert opened().ls("aind-open-data") == []
    with pytest.raises(FileNotFoundError, match="bucket does not exist"):
        opened().ls("nobodys-data")


def test_servers_side_by_side_have_buckets_of_their_own(server):
    name = f"{DATA_BUCKET}/only/there"
    with AindServer(files={name: b"there"}) as other:
        assert Asker(other)("s3", "GET", name).content == b"there"
        answer = Asker(server)("s3", "GET", name)
        assert (answer.status_code, "<BucketName>" in answer.text) == (404, False)
        listing = Asker(other)("s3", "GET", DATA_BUCKET, {"list-type": "2"}).text
        assert f"<Name>{DATA_BUCKET}</Name>" in listing
        assert "session.json" not in listing
        signed = requests.get(other.storage.signed_url("", ""), timeout=10)
        assert signed.text.count("<Bucket>") == 7
    assert Asker(server)("s3", "GET", f"{DATA_BUCKET}/{SESSION}/session.json").content == b"x"


def test_files_are_changed_and_come_back(server):
    ask, name = Asker(server), f"{SESSION}/session.json"
    server.storage.put(DATA_BUCKET, name, b"changed")
    server.storage.remove(DATA_BUCKET, f"{SESSION}/behavior/a.pkl")
    assert ask("s3", "GET", f"{DATA_BUCKET}/{name}").content == b"changed"
    assert ask("s3", "GET", f"{DATA_BUCKET}/{SESSION}/behavior/a.pkl").status_code == 404
    assert not server.storage.has(DATA_BUCKET, f"{SESSION}/behavior/a.pkl")
    with pytest.raises(LookupError, match=r"behavior/a\.pkl"):
        server.storage.read(DATA_BUCKET, f"{SESSION}/behavior/a.pkl")
    server.reset()
    assert ask("s3", "GET", f"{DATA_BUCKET}/{name}").content == b"x"
    assert server.storage.read(DATA_BUCKET, f"{SESSION}/behavior/a.pkl") == b"x"


def test_what_clients_write_is_gone_after_a_reset_too(server, opened):
    files = opened(server.s3_key, server.s3_secret)
    files.pipe_file(f"{DATA_BUCKET}/new/file", b"mine")
    assert server.storage.read(DATA_BUCKET, "new/file") == b"mine"
    server.reset()
    assert not opened().exists(f"{DATA_BUCKET}/new")


def test_answers_of_files_go_wrong_too(server):
    ask, path = Asker(server), f"{DATA_BUCKET}/hard/{HARD.replace('#', '%23').replace('?', '%3F')}"
    path = path.replace("%20", "%2520").replace("+", "%2B")
    assert len(ask("s3", "GET", path).content) == 256 * 40
    server.fail(Fault(503, "<Error><Code>SlowDown</Code></Error>"), service="s3")
    server.fail(Fault(cut=100), service="s3", method="GET", on=2)
    assert ask("s3", "GET", path).status_code == 503
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        ask("s3", "GET", path)
    assert [(seen.status, seen.sent) for seen in server.asked("s3")][1:] == [(503, 36), (200, 100)]


def test_files_may_stand_on_disk(tmp_path):
    path = tmp_path / "one"
    path.write_bytes(b"from a file")
    with AindServer(files={f"s3://{DATA_BUCKET}/one": path}) as server:
        answer = Asker(server)("s3", "HEAD", f"{DATA_BUCKET}/one")
        assert (answer.headers["Content-Length"], answer.content) == ("11", b"")
        assert Asker(server)("s3", "GET", f"{DATA_BUCKET}/one").content == b"from a file"
