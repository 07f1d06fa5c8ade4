from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from sessionframes.errors import (
    AuthenticationError,
    ConfigError,
    SourceResponseError,
    SourceUnavailableError,
)
from sessionframes.sources.aind.storage import Storage
from tests.sources.aind.buckets import Buckets

ODD = "s3://bucket-a/experiment1_Record Node 104#Neuropix-PXI-100.ProbeA-AP/a [1] * ?#b.txt"


@pytest.fixture(scope="module")
def buckets():
    with Buckets() as server:
        server.put("s3://bucket-a/folder/one.txt", b"0123456789")
        server.put("s3://bucket-a/folder/two.txt", b"two")
        server.put("s3://bucket-a/folder/inner/three.txt", b"three")
        server.put(ODD, b"odd")
        server.private.add("bucket-private")
        yield server


@pytest.fixture
def storage(buckets):
    made = buckets.storage()
    yield made
    made.close()
    buckets.faults.clear()


@pytest.fixture
def no_keys(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_folders_are_told_from_files_and_from_nothing(storage):
    assert storage.is_folder("s3://bucket-a/folder/inner")
    assert storage.is_folder("s3://bucket-a/folder/")
    assert not storage.is_folder("s3://bucket-a/folder/one.txt")
    assert not storage.is_folder("s3://bucket-a/fold")
    assert not storage.is_folder("s3://bucket-nobody-made/folder")


def test_a_folder_lists_what_is_directly_in_it(storage):
    assert storage.list("s3://bucket-a/folder") == ["inner", "one.txt", "two.txt"]
    assert storage.list("s3://bucket-a/folder/", folders_only=True) == ["inner"]
    assert storage.list("s3://bucket-a/nothing") == []
    assert storage.list("s3://bucket-nobody-made/folder") == []


def test_what_is_new_shows_at_once(buckets, storage):
    assert storage.list("s3://bucket-a/grows") == []
    buckets.put("s3://bucket-a/grows/one", b"1")
    assert storage.list("s3://bucket-a/grows") == ["one"]
    buckets.put("s3://bucket-a/grows/two", b"2")
    assert storage.list("s3://bucket-a/grows") == ["one", "two"]


def test_files_are_read_whole_and_in_parts(storage):
    url = "s3://bucket-a/folder/one.txt"
    assert storage.read(url) == b"0123456789"
    assert storage.part(url, 2, 5) == b"234"
    assert storage.size(url) == 10


def test_several_files_are_read_with_one_request_each(buckets, storage):
    storage.read("s3://bucket-a/folder/two.txt")
    buckets.sent.clear()
    urls = ["s3://bucket-a/folder/two.txt", "s3://bucket-a/none", ODD]
    assert storage.read_all(urls) == [b"two", None, b"odd"]
    assert [method for method, _, _ in buckets.sent] == ["GET"] * 3
    assert storage.read_all([]) == []


def test_blanks_brackets_and_hashes_are_letters(storage):
    folder = ODD.rpartition("/")[0]
    assert storage.read(ODD) == b"odd"
    assert storage.size(ODD) == 3
    assert storage.list(folder) == ["a [1] * ?#b.txt"]
    assert "experiment1_Record Node 104#Neuropix-PXI-100.ProbeA-AP" in storage.list(
        "s3://bucket-a", folders_only=True
    )


@pytest.mark.parametrize("ask", ["read", "size"])
def test_a_missing_file_is_named(storage, ask):
    with pytest.raises(SourceResponseError, match=r"no file s3://bucket-a/folder/none\.txt"):
        getattr(storage, ask)("s3://bucket-a/folder/none.txt")


@pytest.mark.parametrize("ask", ["read", "size", "is_folder", "list"])
def test_a_private_bucket_is_named_with_what_helps(storage, ask):
    with pytest.raises(AuthenticationError, match=r"s3://bucket-private may not be read") as caught:
        getattr(storage, ask)("s3://bucket-private/folder/one.txt")
    assert "AWS_ACCESS_KEY_ID" in str(caught.value)


def test_one_refused_file_among_several_is_an_error(storage):
    with pytest.raises(AuthenticationError):
        storage.read_all(["s3://bucket-a/folder/two.txt", "s3://bucket-private/one"])


def test_nobody_who_answers_is_told():
    with Buckets() as gone:
        url = gone.url
    storage = Storage(url, anonymous=True, timeout=2)
    with pytest.raises(SourceUnavailableError, match="s3://bucket-a/one"):
        storage.read("s3://bucket-a/one")
    storage.close()


@pytest.mark.parametrize("fault", [500, 503, -4])
def test_what_goes_wrong_once_is_asked_for_again(buckets, storage, fault):
    buckets.faults["bucket-a/folder/one.txt"] = [fault]
    assert storage.read("s3://bucket-a/folder/one.txt") == b"0123456789"
    buckets.faults["bucket-a/folder/one.txt"] = [fault]
    assert storage.read_all(["s3://bucket-a/folder/one.txt"]) == [b"0123456789"]
    buckets.faults["bucket-a/folder/one.txt"] = [fault]
    assert storage.part("s3://bucket-a/folder/one.txt", 2, 9) == b"2345678"


@pytest.mark.parametrize("fault", [503, -4])
def test_what_goes_wrong_again_and_again_is_told(buckets, storage, fault):
    buckets.faults["bucket-a/folder/one.txt"] = [fault] * 20
    with pytest.raises(SourceUnavailableError, match=r"s3://bucket-a/folder/one\.txt could not be read"):
        storage.read("s3://bucket-a/folder/one.txt")


@pytest.mark.usefixtures("no_keys")
def test_without_keys_nothing_is_signed(buckets):
    storage = Storage(buckets.url)
    buckets.signed.clear()
    assert storage.read("s3://bucket-a/folder/two.txt") == b"two"
    assert buckets.signed
    assert not any(buckets.signed)
    storage.close()


@pytest.mark.usefixtures("no_keys")
def test_keys_are_used_where_there_are_any_and_not_shown(buckets, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    storage = Storage(buckets.url)
    buckets.signed.clear()
    assert storage.read("s3://bucket-a/folder/two.txt") == b"two"
    assert all(buckets.signed)
    with pytest.raises(AuthenticationError) as caught:
        storage.read("s3://bucket-private/one")
    assert "very-secret" not in str(caught.value)
    storage.close()


@pytest.mark.usefixtures("no_keys")
def test_keys_may_be_left_aside(buckets, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    storage = Storage(buckets.url, anonymous=True)
    buckets.signed.clear()
    storage.read("s3://bucket-a/folder/two.txt")
    assert not any(buckets.signed)
    storage.close()


@pytest.mark.usefixtures("no_keys")
def test_a_profile_that_is_not_there_is_told(buckets, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(ConfigError, match="nobody"):
        Storage(buckets.url).read("s3://bucket-a/folder/two.txt")


def test_threads_share_one(buckets):
    storage = buckets.storage()
    start = threading.Barrier(8)

    def read(number):
        start.wait()
        return [storage.read("s3://bucket-a/folder/one.txt")[number], *storage.list("s3://bucket-a/folder")]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(read, range(8)))
    assert [one[0] for one in found] == list(b"01234567")
    assert all(one[1:] == ["inner", "one.txt", "two.txt"] for one in found)
    storage.close()


def test_another_process_may_be_handed_one(buckets):
    storage = buckets.storage()
    storage.read("s3://bucket-a/folder/two.txt")
    copy = pickle.loads(pickle.dumps(storage))
    assert copy.read("s3://bucket-a/folder/two.txt") == b"two"
    storage.close()
    copy.close()


def test_paths_of_this_machine_work_alike_where_they_are_wanted(tmp_path):
    storage = Storage(local=True)
    (tmp_path / "a b#c").mkdir()
    (tmp_path / "a b#c" / "one.txt").write_bytes(b"0123456789")
    folder = f"{tmp_path}/a b#c"
    assert storage.list(folder) == ["one.txt"]
    assert storage.read_all([f"{folder}/one.txt", f"{folder}/two.txt"]) == [b"0123456789", None]
    assert storage.part(f"{folder}/one.txt", 2, 5) == b"234"
    assert storage.list(f"{folder}/none") == []
    with pytest.raises(SourceResponseError, match="no file"):
        storage.read(f"{folder}/none")


@pytest.mark.parametrize(
    "place",
    [
        "{}",
        "file://{}",
        "bogus",
        "",
        "memory://a",
        "http://127.0.0.1:9/a",
        "ftp://127.0.0.1/a",
        "S4://a",
        "s3:///a",
    ],
)
@pytest.mark.parametrize("ask", ["read", "size", "is_folder", "list"])
def test_nothing_but_buckets_is_read(tmp_path, place, ask):
    (tmp_path / "output").write_bytes(b"of this machine")
    url = f"{place.format(tmp_path)}/output"
    with pytest.raises(SourceResponseError, match="told as the place of") as caught:
        getattr(Storage(), ask)(url)
    assert repr(url) in str(caught.value)


def test_how_to_read_buckets_of_google_is_told():
    program = (
        "import sys; sys.modules['gcsfs'] = None\n"
        "from sessionframes.sources.aind.storage import Storage\n"
        "from sessionframes.errors import ConfigError\n"
        "try: Storage().read('gs://bucket-a/one')\n"
        "except ConfigError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install gcsfs" in done.stdout


def test_nothing_is_imported_before_a_file_is_asked_for():
    program = (
        "import sys; from sessionframes.sources.aind.storage import Storage; Storage('http://127.0.0.1:9');"
        "print([name for name in ('fsspec', 's3fs', 'botocore', 'h5py', 'numcodecs') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_missing_packages_are_told_with_how_to_get_them():
    program = (
        "import sys; sys.modules['s3fs'] = None\n"
        "from sessionframes.sources.aind.storage import Storage\n"
        "from sessionframes.errors import ConfigError\n"
        "try: Storage(anonymous=True).read('s3://bucket-a/one')\n"
        "except ConfigError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "sessionframes[aind]" in done.stdout
