"""A server that stops answering, and processes that fork: nobody hangs, nobody talks on another's socket."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

import sessionframes as sf
from sessionframes.demo.postgres import PostgresServer
from sessionframes.transports.postgres import connection_string

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="signals and forks of POSIX")

SLOW = textwrap.dedent(
    """
    import signal, sys, time
    from sqlalchemy import text, select
    from sessionframes.transports.postgres import PostgresTransport, connection_string
    signal.signal(signal.SIGINT, signal.default_int_handler)
    transport = PostgresTransport(connection_string({"url": sys.argv[1]}), source="lims")
    print("asking", flush=True)
    try:
        list(transport.fetch(select(text("pg_sleep(60)"))))
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    """
)


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    with tempfile.TemporaryDirectory() as cache:
        Path(cache).chmod(0o755)
        with PostgresServer.fresh(cache=Path(cache)) as server:
            yield server


def test_ctrl_c_ends_a_query_whose_server_does_not_answer(own_server: PostgresServer) -> None:
    asking = subprocess.Popen([sys.executable, "-c", SLOW, own_server.url], stdout=subprocess.PIPE, text=True)
    assert asking.stdout is not None
    assert asking.stdout.readline() == "asking\n"
    time.sleep(0.5)
    processes = [psutil.Process(own_server.pid), *psutil.Process(own_server.pid).children(recursive=True)]
    try:
        for process in processes:
            process.suspend()
        asking.send_signal(signal.SIGINT)
        said, _ = asking.communicate(timeout=15)
    finally:
        for process in processes:
            process.resume()
        asking.kill()
    assert said == "interrupted\n"


def test_a_forked_child_has_connections_of_its_own(server_url: str) -> None:
    code = textwrap.dedent(
        """
        import os, sys
        from sqlalchemy import text, select
        from sessionframes.transports.postgres import PostgresTransport, connection_string

        def backend(transport):
            return [page.column(0)[0].as_py() for page in transport.fetch(select(text("pg_backend_pid()")))]

        transport = PostgresTransport(connection_string({"url": sys.argv[1]}), source="lims")
        parent = backend(transport)
        child = os.fork()
        if child == 0:
            os._exit(0 if backend(transport) != parent else 3)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), backend(transport) == parent)
        """
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, server_url], capture_output=True, text=True, timeout=30, check=True
    )
    assert answer.stdout == "0 True\n"


def test_a_forked_child_of_a_demo_ends_and_stops_nothing() -> None:
    code = textwrap.dedent(
        """
        import os, sys
        import sessionframes as sf
        db = sf.connect("demo", scale=0.05, progress=False)
        child = os.fork()
        if child == 0:
            sys.exit(len(db.get_sessions()))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), len(db.get_sessions()))
        """
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert answer.stdout == "8 8\n"


def test_a_dead_server_is_noticed_unless_the_caller_knows_better() -> None:
    told = connection_string({"host": "somewhere"})
    assert "tcp_user_timeout=60000" in told
    assert "keepalives_idle=30" in told
    assert "keepalives_idle=7" in connection_string({"url": "postgresql://somewhere/x?keepalives_idle=7"})


def test_the_error_names_the_table(own_lims_url: str, change) -> None:
    change("alter table ecephys_units rename column snr to something_else")
    with (
        sf.connect("lims", url=own_lims_url) as db,
        pytest.raises(sf.errors.SourceResponseError, match=r"lims\.units: .*column snr of ecephys_units\."),
    ):
        db.get_units()
