"""Who the server runs as: Postgres refuses root, so root lends it an unprivileged account."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sessionframes.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Account"]

# What the user set for his own clients (PGPORT, PGDATA, PGOPTIONS...) would bend the server.
_CLIENT_SETTINGS = "PG"


@dataclass(frozen=True)
class Account:
    """The account that owns the data and runs the programs.

    Parameters
    ----------
    uid, gid : int, optional
        User and group to become; None: stay who we are.
    """

    uid: int | None = None
    gid: int | None = None

    @classmethod
    def suitable(cls) -> Account:
        """Return our own account, or for root an unprivileged one that exists already."""
        if sys.platform == "win32" or os.geteuid() != 0:
            return cls()
        import pwd  # does not exist on Windows

        for name in ("nobody", "daemon"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            if entry.pw_uid > 0:  # macOS counts nobody as -2, which subprocess does not take
                return cls(entry.pw_uid, max(entry.pw_gid, 1))
        return cls(65534, 65534)

    def settings(self) -> dict[str, Any]:
        """Return what ``subprocess`` must be told so that a child runs under this account.

        The umask is 0o077, variables that steer Postgres clients are taken out, messages come in English.
        """
        environment = {name: value for name, value in os.environ.items() if name[:2] != _CLIENT_SETTINGS}
        settings: dict[str, Any] = {"env": environment | {"LC_ALL": "C"}}
        if sys.platform != "win32":
            settings["umask"] = 0o077
        if self.uid is not None:
            settings |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return settings

    def call(self, command: Sequence[str | Path], cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run `command` to its end in `cwd` under this account, its output captured.

        Raises
        ------
        sessionframes.errors.ConfigError
            We are root and may not change to the account, as in some containers.
        OSError
            The program cannot be executed by the account.
        """
        try:
            return subprocess.run(  # noqa: S603 - our own commands, no shell
                command, cwd=cwd, check=False, capture_output=True, text=True, **self.settings()
            )
        except OSError as error:
            # Named is the program that does not run, or something else if it did not come to that.
            if self.uid is None or error.filename in (command[0], str(command[0])):
                raise
            message = f"Postgres does not run as root, and root may not become user {self.uid} here"
            hint = "Run as an ordinary user, or allow CAP_SETUID and CAP_SETGID."
            raise ConfigError(message, source="demo", hint=hint) from error

    def enters(self, directory: Path) -> bool:
        """Return whether this account can get into `directory`."""
        if self.uid is None:
            return os.access(directory, os.X_OK)
        command: list[str | Path] = ["/bin/sh", "-c", 'cd "$1"', "sh", directory]
        return self.call(command, directory).returncode == 0

    def own(self, path: Path) -> None:
        """Hand `path`, which we made, to this account."""
        if sys.platform != "win32" and self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)
