"""A small parent for the server, that waits for the end of a pipe and then shuts the server down.

The other end of the pipe is held by the process that asked for the server, and by nobody else: however that
process ends, the pipe ends with it. This needs no signal from the dead, no thread that must stay alive (as
``PR_SET_PDEATHSIG`` does) and no particular operating system. Its own session keeps Ctrl-C away.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sessionframes.demo.postgres.installation import Installation
    from sessionframes.locks import FileLock

__all__ = ["start"]

# First its process id is written, then standard output belongs to the server alone: its end is the
# server's end. TERM goes first, because a shell starts background programs with INT ignored and TERM not, so
# it works before the server has handlers of its own; afterwards INT turns a slow shutdown into a fast one.
# The trap comes after the server's start: a child forked under it would swallow TERM until it is Postgres.
_SHELL = """
log=$1
shift
"$@" </dev/null 2>>"$log" &
server=$!
trap : HUP INT TERM
echo $server
exec >&-
read -r end
kill -TERM $server
kill -INT $server
wait $server
"""

# Windows has no signals to send; pg_ctl has its own way, and lets an administrator start the server.
_PYTHON = """
import pathlib, subprocess, sys
ctl, data, log, options = sys.argv[1:]
quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
start = [ctl, "start", "-w", "-s", "-D", data, "-l", log, "-o", options]
code = subprocess.run(start, **quiet).returncode
if code == 0:
    pid = pathlib.Path(data, "postmaster.pid").read_text().split()[0]
    print(pid, flush=True)
    sys.stdin.read()
    code = subprocess.run([ctl, "stop", "-m", "fast", "-D", data], **quiet).returncode
sys.exit(code)
"""


def start(
    installation: Installation, data: Path, settings: Mapping[str, str], lock: FileLock
) -> subprocess.Popen[bytes]:
    """Start a server under a watchdog.

    Parameters
    ----------
    installation : Installation
        The programs, and the account that runs them.
    data : pathlib.Path
        The data directory. The log goes to ``log`` in it.
    settings : mapping of str to str
        The server's settings.
    lock : FileLock
        Held by watchdog and server too, as long as one of them lives.

    Returns
    -------
    subprocess.Popen
        The watchdog. Closing its standard input stops the server. Its standard output has the server's
        process id and ends with the server; its exit code is the server's.
    """
    options = [f"--{name}={value}" for name, value in settings.items()]
    if sys.platform == "win32":
        python = [sys.executable, "-I", "-S", "-c", _PYTHON]
        words: list[str | Path] = [installation.program("pg_ctl"), data, data / "log", " ".join(options)]
        return _popen([*python, *words], installation, ())
    server: list[str | Path] = [installation.program("postgres"), "-D", data, *options]
    shell = ["/bin/sh", "-c", _SHELL, "sh"]
    return _popen([*shell, data / "log", *server], installation, (lock.fileno(),))


def _popen(
    command: list[str | Path], installation: Installation, handles: tuple[int, ...]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own command; the shell gets its words as arguments
        command,
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=installation.directory,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # the same, on Windows
        pass_fds=handles,
        **installation.account.settings(),
    )
