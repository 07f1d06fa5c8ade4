"""The embedded Postgres: it serves, it dies with its owner, and templates are built once and never half."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest

from sessionframes.demo.postgres import PostgresServer, cluster, find_binaries, watchdog
from sessionframes.demo.postgres.address import Address
from sessionframes.demo.postgres.installation import Installation
from sessionframes.demo.postgres.storage import Storage
from sessionframes.errors import ConfigError, SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and sockets of POSIX")
root_only = pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="root lends an account")

SOON = 10.0  # s: generous, for a busy machine; what is awaited takes some 0.1 s

OWNER = """
import signal, sys
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a background job
    signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
from sessionframes.demo.postgres import PostgresServer
server = PostgresServer.fresh(cache=Path(sys.argv[1]))
print(server.pid, server.data, server.url, flush=True)
"""
BUILDER = """
import sys, psycopg
from pathlib import Path
from sessionframes.demo.postgres import cluster
cache, log = map(Path, sys.argv[1:])
def build(url):
    with log.open("a") as lines:
        lines.write("built\\n")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE t AS SELECT 7 AS x")
    print("building", flush=True)
    sys.stdin.read()
with cluster("raced", build, cache=cache) as server, psycopg.connect(server.url) as connection:
    print(connection.execute("SELECT x FROM t").fetchone()[0], flush=True)
"""


@pytest.fixture
def cache() -> Iterator[Path]:
    # Not tmp_path: pytest makes its parent 0700, and root's borrowed account could not pass.
    directory = Path(tempfile.mkdtemp(prefix="sessionframes-test-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


def ask(server: PostgresServer, sql: str) -> object:
    with psycopg.connect(server.url) as connection:
        row = connection.execute(sql).fetchone()
    return row and row[0]


def make_table(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS x")


def owner(script: str, *arguments: Path | str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def announced(process: subprocess.Popen[str]) -> tuple[list[psutil.Process], Path, Path]:
    """Return server and watchdog, the run directory and the socket directory, as an owner prints them."""
    assert process.stdout is not None
    pid, data, url = process.stdout.readline().split()
    server = psutil.Process(int(pid))
    watchdog = server.parent()
    assert watchdog is not None
    return [server, watchdog], Path(data).parent, Path(url.partition("host=")[2].partition("&")[0])


def all_gone(processes: list[psutil.Process]) -> bool:
    deadline = time.monotonic() + SOON
    while not all(map(ended, processes)) and time.monotonic() < deadline:
        time.sleep(0.005)  # they are nobody's children any more: there is nothing to wait on
    return all(map(ended, processes))


def ended(process: psutil.Process) -> bool:
    try:
        # A container's first process may be slow to bury orphans, or never do it.
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("version", [16, 18])
def test_psycopg_and_adbc_are_served_until_stop(cache: Path, version: int) -> None:
    import adbc_driver_postgresql.dbapi as adbc

    server = PostgresServer.fresh(version, cache=cache)
    process = psutil.Process(server.pid)
    assert process.is_running()
    assert str(ask(server, "SHOW server_version")).startswith(f"{version}.")
    assert ask(server, "SHOW timezone") == "UTC"
    assert ask(server, "SELECT upper('é')") == "É"
    with adbc.connect(server.url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT now() AS t")
        assert cursor.fetch_arrow_table().schema.field("t").type.tz == "UTC"
    data = server.data
    server.stop()
    server.stop()
    assert not process.is_running()
    assert not data.exists()
    assert "stopped" in repr(server)


@posix
def test_it_listens_on_a_private_socket_alone(cache: Path) -> None:
    with PostgresServer.fresh(cache=cache) as server:
        assert ask(server, "SHOW listen_addresses") == ""
        sockets = Path(str(ask(server, "SHOW unix_socket_directories")))
        assert sockets.stat().st_mode & 0o077 == 0
        assert server.data.stat().st_mode & 0o077 == 0
    assert not sockets.exists()


def test_a_connected_client_does_not_hold_up_stop(cache: Path) -> None:
    server = PostgresServer.fresh(cache=cache)
    with psycopg.connect(server.url) as connection:
        server.stop()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


@posix
def test_settings_for_other_servers_do_not_bend_it(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "6543")
    monkeypatch.setenv("PGDATA", "elsewhere")
    with PostgresServer.fresh(cache=cache) as server:
        assert ask(server, "SELECT 1") == 1


@posix
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, None])
def test_it_dies_with_its_owner(cache: Path, sent: signal.Signals | None) -> None:
    process = owner(OWNER + "sys.stdin.read()", cache)
    processes, run, sockets = announced(process)
    if sent is not None:
        process.send_signal(sent)
    process.communicate(timeout=SOON)
    assert all_gone(processes)
    PostgresServer.fresh(cache=cache).stop()
    assert not run.exists()  # deleted by the owner, or swept for it just now
    assert not sockets.exists()


@posix
def test_a_forked_child_keeps_nothing_alive_and_stops_nothing(cache: Path) -> None:
    child = """
import os, time
if os.fork() == 0:
    server.stop()
    print(os.getpid(), server._process.poll(), flush=True)
    time.sleep(600)
os.wait()
"""
    process = owner(OWNER + child, cache)
    processes, run, _ = announced(process)
    assert process.stdout is not None
    orphan = psutil.Process(int(process.stdout.readline().split()[0]))
    try:
        assert all(one.is_running() for one in processes)
        process.kill()
        process.wait(SOON)
        assert orphan.is_running()
        assert all_gone(processes)
        PostgresServer.fresh(cache=cache).stop()
        assert not run.exists()
    finally:
        orphan.kill()
    process.communicate()


@posix
def test_interrupting_the_terminal_leaves_it_to_the_owner(cache: Path) -> None:
    patient = "import signal\nsignal.signal(signal.SIGINT, lambda *_: print('asked', flush=True))\n"
    command = [sys.executable, "-c", patient + OWNER + "sys.stdin.read()", str(cache)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, process_group=0
    )
    processes, _, _ = announced(process)
    os.killpg(process.pid, signal.SIGINT)
    assert process.stdout is not None
    assert process.stdout.readline() == "asked\n"
    assert all(one.is_running() for one in processes)
    process.communicate(timeout=SOON)
    assert all_gone(processes)


@posix
def test_an_owner_that_dies_while_the_server_starts_leaves_none(cache: Path) -> None:
    storage = Storage(cache)
    installation = Installation.find(storage)
    run = storage.new_run()
    PostgresServer(run, installation, keep=True).stop()
    address = Address.of(run)
    address.open(installation.account)
    for wait in range(20):
        dog = watchdog.start(installation, run.data, address.settings, run.lock)
        assert dog.stdin is not None
        assert dog.stdout is not None
        with dog.stdout as output:
            # In some ms it is a shell, then Postgres that is deaf to signals, then one that listens.
            select.select([output], [], [], wait / 2000)
            dog.stdin.close()
            dog.wait(SOON)
    run.remove()


def test_it_survives_the_thread_that_started_it(cache: Path) -> None:
    started: list[PostgresServer] = []
    thread = threading.Thread(target=lambda: started.append(PostgresServer.fresh(cache=cache)))
    thread.start()
    thread.join()
    with started[0] as server:
        assert ask(server, "SELECT 1") == 1


def test_a_server_that_does_not_start_shows_its_log_and_leaves_nothing(cache: Path) -> None:
    storage = Storage(cache)
    installation = Installation.find(storage)
    run = storage.new_run()
    PostgresServer(run, installation, keep=True).stop()
    with (run.data / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(SourceUnavailableError, match="no_such_setting"):
        PostgresServer(run, installation)
    assert not run.path.exists()


def test_a_private_copy_is_seen_by_nobody_else(cache: Path) -> None:
    with cluster("k", make_table, cache=cache) as first, cluster("k", make_table, cache=cache) as second:
        with psycopg.connect(first.url) as connection:
            connection.execute("INSERT INTO t VALUES (2)")
        assert ask(first, "SELECT count(*) FROM t") == 2
        assert ask(second, "SELECT count(*) FROM t") == 1
    with cluster("k", pytest.fail, cache=cache) as third:
        assert ask(third, "SELECT count(*) FROM t") == 1


def test_templates_of_two_versions_do_not_mix(cache: Path) -> None:
    for version in (16, 18):
        with cluster("k", make_table, cache=cache, version=version) as server:
            assert ask(server, "SELECT x FROM t") == 1
            assert (server.data / "PG_VERSION").read_text().strip() == str(version)


@posix
def test_of_two_processes_one_builds_and_the_other_waits(cache: Path) -> None:
    log = cache / "log"
    racers = [owner(BUILDER.replace("sys.stdin.read()", ""), cache, log) for _ in range(2)]
    answers = [racer.communicate(timeout=60)[0] for racer in racers]
    assert sorted(answers) == ["7\n", "building\n7\n"]
    assert log.read_text() == "built\n"


def test_threads_may_race_too(cache: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        servers = list(pool.map(lambda _: cluster("k", make_table, cache=cache), range(3)))
    try:
        assert [ask(server, "SELECT x FROM t") for server in servers] == [1, 1, 1]
    finally:
        for server in servers:
            server.stop()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_build_that_fails_leaves_no_template_and_no_server(cache: Path, error: type[BaseException]) -> None:
    seen: list[int] = []

    def fail(url: str) -> None:
        with psycopg.connect(url) as connection:
            seen.append(_postmaster(connection))
        raise error

    with pytest.raises(error):
        cluster("k", fail, cache=cache)
    assert not psutil.pid_exists(seen[0])
    assert not list((cache / "templates").iterdir())
    assert not list((cache / "runs").iterdir())
    with cluster("k", make_table, cache=cache) as server:
        assert ask(server, "SELECT x FROM t") == 1


def _postmaster(connection: psycopg.Connection) -> int:
    backend = connection.info.backend_pid
    parent = psutil.Process(backend).parent()
    assert parent is not None
    return parent.pid


@posix
def test_a_builder_that_is_killed_leaves_no_template_and_no_server(cache: Path) -> None:
    process = owner(BUILDER, cache, cache / "log")
    assert process.stdout is not None
    assert process.stdout.readline() == "building\n"
    family = psutil.Process(process.pid).children(recursive=True)
    assert family
    process.kill()
    process.communicate()
    assert all_gone(family)
    assert not list((cache / "templates").iterdir())
    with cluster("raced", make_table, cache=cache) as server:
        assert ask(server, "SELECT x FROM t") == 1
        assert len(list((cache / "runs").iterdir())) == 1


def test_the_six_templates_used_last_are_kept(cache: Path) -> None:
    storage = Storage(cache)
    for age in range(8):
        template = storage.templates / f"old{age}"
        template.mkdir()
        os.utime(template, (1000 - age, 1000 - age))
    with storage.lock("old7"), cluster("k", make_table, cache=cache):
        left = {path.name.partition("-")[0] for path in storage.templates.iterdir()}
    assert left == {"k", "old0", "old1", "old2", "old3", "old4", "old7"}  # old7 is in use


@pytest.mark.parametrize("key", ["", "../x", "a/b", ".hidden", "x" * 101])
def test_a_key_that_is_no_file_name_is_refused(cache: Path, key: str) -> None:
    with pytest.raises(ConfigError, match="cannot name a template"):
        cluster(key, make_table, cache=cache)


@root_only
def test_a_cache_of_somebody_else_is_refused(cache: Path) -> None:
    theirs = cache / "theirs"
    theirs.mkdir()
    os.chown(theirs, 12345, 12345)
    with pytest.raises(ConfigError, match="not a directory of our own"):
        Storage(theirs)


@posix
def test_a_link_in_the_cache_is_refused(cache: Path) -> None:
    (cache / "templates").symlink_to(tempfile.gettempdir())
    with pytest.raises(ConfigError, match="not a directory of our own"):
        Storage(cache)


@root_only
def test_a_cache_that_the_account_cannot_enter_is_refused(cache: Path) -> None:
    cache.chmod(0o700)
    with pytest.raises(ConfigError, match="cannot enter"):
        Storage(cache / "below")
    cache.chmod(0o755)


@root_only
def test_programs_in_a_private_place_are_copied_and_the_place_stays_private(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = find_binaries(18).parent
    package = home.parent
    private = cache / "private"
    private.mkdir(mode=0o700)
    shutil.copytree(home, private / package.name / home.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, private / libraries.name, symlinks=True)
    monkeypatch.setenv("SESSIONFRAMES_PG_BIN", str(private / package.name / home.name / "bin"))
    for _ in range(2):
        with PostgresServer.fresh(cache=cache) as server:
            program = Path(psutil.Process(server.pid).exe())
            assert program.is_relative_to(cache / "binaries")
            assert psutil.Process(server.pid).uids().real != 0
    assert private.stat().st_mode & 0o777 == 0o700
