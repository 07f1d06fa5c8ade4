"""What the tests of the command line share."""

import os
import subprocess
import sys

import pytest

from sessionframes.cli import main

#: An interrupt reaches the command even where the test run itself was told to ignore it.
COMMAND = (
    sys.executable,
    "-c",
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from sessionframes.cli import main; sys.exit(main())",
)


@pytest.fixture(autouse=True)
def _no_config_of_ours(monkeypatch, tmp_path_factory):
    """Whoever runs the tests may have a LIMS of their own."""
    config = tmp_path_factory.mktemp("config") / "config.toml"
    config.write_text("", encoding="utf-8")
    monkeypatch.setenv("SESSIONFRAMES_CONFIG", str(config))
    for name in [name for name in os.environ if name.startswith("LIMS_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _away_from_the_project(monkeypatch, tmp_path_factory):
    """Some commands write where they are run."""
    monkeypatch.chdir(tmp_path_factory.mktemp("work"))


@pytest.fixture
def get(lims_url, capsys):
    """Runs ``sessionframes get`` on the LIMS and returns its status, what it printed, and what it said."""

    def run(*arguments):
        status = main(["get", *map(str, arguments), "--source", lims_url])
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def start():
    """Starts a command as a process of its own, with pipes for what it prints and what it says."""
    started = []

    def run(*arguments, **options):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
        started.append(subprocess.Popen([*COMMAND, *arguments], **pipes))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
