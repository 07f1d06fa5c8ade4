"""Alyx' cache tables as a way in: all sessions and datasets at once, without asking the server for pages.

A server job writes them, so they are as old as that job; releases that were published have their own. They
know less than the server. Sessions without a number, a date, an animal or a lab are not in them; the time of
day is gone; and of datasets there are only those with a copy on a public server.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import pyarrow as pa
import pyarrow.parquet

from sessionframes.config import Option, mask
from sessionframes.connection import Connection
from sessionframes.errors import ConfigError, QueryError, SourceResponseError
from sessionframes.query.where import Condition, all_of, conditions, conjuncts
from sessionframes.source import Argument, Plan, Read, Source
from sessionframes.sources.alyx.access import login_of, url_of, zone_of
from sessionframes.sources.alyx.arguments import arguments_of
from sessionframes.sources.alyx.one_files import one_folder, one_parameters
from sessionframes.sources.alyx.release_tables import KNOWN, TABLES, ReleasePage, datasets, of_ids, sessions
from sessionframes.sources.alyx.tables import AlyxSessions
from sessionframes.sources.alyx.tables_more import AlyxAssets
from sessionframes.transports.files import FileRequest, FileTransport
from sessionframes.transports.http import origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from zoneinfo import ZoneInfo

    from sessionframes.config import Options
    from sessionframes.query import Query, Where
    from sessionframes.sources.alyx.login import Login

__all__ = ["OPTION", "RELEASE", "ReleaseTransport", "open_release", "opened"]

#: How `connect` is told.
OPTION = Option(
    "release",
    "A cache.zip of Alyx, its folder or its URL: sessions and assets come of it, and no server is asked.",
)
_INFO = "cache_info.json"
_ROWS = 100_000
_HOW = "Give a cache.zip, a folder with sessions.pqt and datasets.pqt, or the URL of a cache.zip."
_ASK_ALYX = "The release tables have sessions and assets only: connect without release= and ask the server."


@dataclass(frozen=True)
class ReleaseAsked:
    """A question about a table of a release.

    Parameters
    ----------
    table : {"sessions", "datasets"}
        As the release calls it.
    columns : tuple of str
        What is wanted.
    session_ids : tuple of str, optional
        Only rows of these sessions; None for any.
    """

    table: str
    columns: tuple[str, ...]
    session_ids: tuple[str, ...] | None = None


@dataclass
class ReleaseTransport:
    """The tables of one release, read once and kept.

    Parameters
    ----------
    address : str
        Where it is.
    content : callable
        Returns the files, by name.
    zone : zoneinfo.ZoneInfo
        Of the server's clock, whose days its dates are.
    """

    address: str
    content: Callable[[], Mapping[str, bytes]]
    zone: ZoneInfo
    _tables: dict[str, pa.Table] = field(default_factory=dict)

    def fetch(self, request: ReleaseAsked) -> Iterator[ReleasePage]:
        """Yield the rows of a table, some at a time."""
        table = self._table(request.table)
        if request.session_ids is not None:
            name = "id" if request.table == "sessions" else "eid"
            table = table.filter(of_ids(table, name, request.session_ids))
        for start in range(0, table.num_rows, _ROWS):
            rows = table.slice(start, _ROWS)
            of_sessions = self._table("sessions") if request.table == "datasets" else None
            yield ReleasePage(rows, request.columns, self.zone, of_sessions)

    def render(self, request: ReleaseAsked) -> str:
        """Return what is read."""
        return f"read {request.table}.pqt of {self.address}"

    def consistent(self) -> AbstractContextManager[ReleaseTransport]:
        """Give itself: what was read once stays as it is."""
        return nullcontext(self)

    def close(self) -> None:
        """Let go of the tables."""
        self._tables.clear()

    def info(self) -> dict[str, Any]:
        """Return what the release tells of itself: when it was made, and of what."""
        return dict(_info_of(self._table("sessions")))

    def _table(self, name: str) -> pa.Table:
        if not self._tables:
            content = self.content()
            there = [one for one in TABLES if f"{one}.pqt" in content]
            self._tables = {one: _read(content[f"{one}.pqt"], one, self.address) for one in there}
        if name not in self._tables:
            message = f"{self.address} has no {name}.pqt."
            raise SourceResponseError(message, source="alyx", hint=_HOW)
        return self._tables[name]


def opened(options: Options) -> Connection | None:
    """Open the release that the options name; None if they name none. Nothing is sent yet.

    The token goes along where the release is on the server of the option url, and nowhere else.

    Raises
    ------
    ConfigError
        There is no such place, or nobody says who asks.
    """
    place: str | None = options["release"]
    if place is None:
        return None
    zone = zone_of(options)
    if "://" not in place:
        return open_release(place, zone)
    url = url_of(options)
    if origin(place) != origin(url):
        return open_release(place, zone)
    login = login_of(options, url, one_parameters(one_folder(), url))
    return open_release(place, zone, login, url)


def open_release(
    place: str, zone: ZoneInfo, login: Login | None = None, home: str | None = None
) -> Connection:
    """Open the cache tables of an Alyx; they are read when they are first asked for.

    Parameters
    ----------
    place : str
        A zip file, a folder, or a URL.
    zone : zoneinfo.ZoneInfo
        Of the server's clock.
    login, home : Login and str, optional
        Who asks for a URL, and the server that is to know it.

    Raises
    ------
    ConfigError
        There is no such place.
    """
    if "://" in place:
        return Connection(RELEASE, ReleaseTransport(mask(place), lambda: _brought(place, login, home), zone))
    path = Path(place).expanduser()
    if not path.exists():
        message = f"there is no release {place}."
        raise ConfigError(message, source="alyx", hint=_HOW)
    return Connection(RELEASE, ReleaseTransport(str(path), lambda: _files_at(path), zone))


def _brought(url: str, login: Login | None, home: str | None) -> Mapping[str, bytes]:
    if login is not None:
        # It signs by the token that it has.
        login.token()
    with closing(FileTransport(home, login)) as files:
        return _unzipped(b"".join(files.stream(FileRequest(url, "cache.zip"))), mask(url))


def _files_at(path: Path) -> Mapping[str, bytes]:
    try:
        if not path.is_dir():
            return _unzipped(path.read_bytes(), str(path))
        names = (*(f"{name}.pqt" for name in TABLES), _INFO)
        return {name: (path / name).read_bytes() for name in names if (path / name).is_file()}
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}."
        raise SourceResponseError(message, source="alyx", hint=_HOW) from error


def _unzipped(content: bytes, place: str) -> Mapping[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = {Path(name).name: name for name in archive.namelist()}
            return {name: archive.read(names[name]) for name in names}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        message = f"{place} is no zip file that can be read: {error}."
        raise SourceResponseError(message, source="alyx", hint=_HOW) from error


def _read(content: bytes, name: str, place: str) -> pa.Table:
    try:
        table = pa.parquet.read_table(io.BytesIO(content))
    except (pa.ArrowException, OSError) as error:
        message = f"{name}.pqt of {place} cannot be read: {error}."
        raise SourceResponseError(message, source="alyx") from error
    lost = [column for column in TABLES[name] if not any(one in table.column_names for one in column)]
    if lost:
        known = ", ".join(table.column_names)
        message = f"{name}.pqt of {place} has no column {lost[0][0]}, but {known}."
        raise SourceResponseError(message, source="alyx", hint=_HOW)
    return table


def _info_of(table: pa.Table) -> Mapping[str, Any]:
    told = (table.schema.metadata or {}).get(b"one_metadata", b"{}")
    try:
        found: Any = json.loads(told)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _compiled(name: str) -> Callable[[Query], Plan]:
    def compiled(query: Query) -> Plan:
        _check_known(query.where)
        done = [part for part in conjuncts(query.where) if _is_of_sessions(part)]
        ids: set[str] | None = None
        for part in done:
            found = {*(part.value if part.lookup == "in" else (part.value,))}
            ids = found if ids is None else ids & found
        wanted = None if ids is None else tuple(sorted(ids))
        request = ReleaseAsked(name, query.needed(query.where), wanted)
        return Plan((request,), query.where, narrowing=all_of(*done))

    return compiled


def _check_known(where: Where) -> None:
    """Refuse filters by what a release does not tell: null for all, they would find none, or every row."""
    for one in conditions(where):
        table, column = one.field.table, one.field.name
        known = KNOWN.get(table)
        if known is not None and column not in known:
            message = f"release tables do not tell {column} of {table}, so {one} cannot be told."
            hint = f"They tell {', '.join(sorted(known))}. Connect without release= and ask the server."
            raise QueryError(message, source="alyx", table=table, column=column, hint=hint)


def _is_of_sessions(part: Where) -> TypeGuard[Condition]:
    if not isinstance(part, Condition):
        return False
    return part.field.name == "session_id" and part.lookup in ("exact", "in")


def _arguments(table: str) -> tuple[Argument, ...]:
    """Return the friendly arguments about columns that a release tells."""
    return tuple(one for one in arguments_of(table) if one.column in KNOWN[table])


def _never(_: object) -> Connection:
    message = "a release is opened by its place."
    raise ConfigError(message, source="alyx", hint=_HOW)


#: What a release can be asked; :func:`open_release` opens it.
RELEASE = Source(
    name="alyx",
    description="The cache tables of an Alyx: sessions and datasets as of the day they were made.",
    options=(OPTION,),
    reads={
        "sessions": Read(AlyxSessions, _compiled("sessions"), sessions, _arguments("sessions")),
        "assets": Read(AlyxAssets, _compiled("datasets"), datasets, _arguments("assets")),
    },
    open=_never,
    reasons=dict.fromkeys(
        ("probes", "channels", "units", "trajectories", "structures", "subjects", "projects", "tasks"),
        _ASK_ALYX,
    ),
)
