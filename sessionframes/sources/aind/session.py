"""A session as an object: what its name tells, and what the servers tell of it."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from functools import cached_property, lru_cache, total_ordering
from typing import TYPE_CHECKING, Any, NoReturn, Self, cast

from sessionframes.config import config_path
from sessionframes.errors import QueryError
from sessionframes.query.shown import shown
from sessionframes.sources.aind.data_asset import DataAsset, Url, of_asset
from sessionframes.sources.aind.ecephys import Ecephys, NotThereError
from sessionframes.sources.aind.facts import Facts
from sessionframes.sources.aind.groups import created_of, name_of
from sessionframes.sources.aind.names import find_name, parse_name
from sessionframes.sources.aind.records import inner
from sessionframes.sources.aind.times import made_at
from sessionframes.sources.aind.whole_records import whole_records

if TYPE_CHECKING:
    from sessionframes.sources.aind.codeocean import Asset
    from sessionframes.sources.aind.connection import AindConnection
    from sessionframes.sources.aind.docdb import Record

__all__ = ["Session", "Subject"]

#: Folders of ecephys that are not called so.
_OF_ECEPHYS = ("ecephys_compressed", "ecephys_clipped")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_HOW = 'Give what sessionframes.connect("aind", ...) returns, or nothing.'


class _LeftBehind:
    """Stands for a connection that is in another process."""

    aind = None


class _Connected:
    """What asks AIND, once it has to."""

    def __init__(self, db: Any) -> None:
        if db is not None and not hasattr(type(db), "aind"):
            raise QueryError(f"{shown(db)} is no connection to AIND.", source="aind", hint=_HOW)
        #: The connection that it was given, None if it was given none.
        self.given_db = db

    @property
    def db(self) -> AindConnection:
        """The connection that it is asked by.

        Raises
        ------
        sessionframes.errors.QueryError
            It was left behind in another process.
        sessionframes.errors.ConfigError
            An option of the environment or of the config file makes no sense.
        """
        if isinstance(self.given_db, _LeftBehind):
            message = f"{self!r} was pickled, and its connection did not come along."
            raise QueryError(message, source="aind", hint="Connect here: db.session(...).")
        return _connected() if self.given_db is None else cast("AindConnection", self.given_db)

    def _reduced(self, id_: str) -> tuple[Any, ...]:
        # Another process connects by its own options, unless these were chosen: then it would ask elsewhere.
        return (type(self), (id_,) if self.given_db is None else (id_, _LeftBehind()))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: dict[int, Any]) -> Self:
        return self


@total_ordering
class Session(_Connected):
    """A session of AIND, by any text with its id: the name of an asset, a path.

    What its name tells needs no server. What needs one is asked for when it is wanted, and then kept, see
    :meth:`refresh`. Sessions are equal, and ordered, by their ids, however they were made.

    Parameters
    ----------
    session_id : str, path or Session
        The id, or any text with it.
    db : AindConnection, optional
        Whom to ask; if not given, ``sessionframes.connect("aind")``, once something has to be asked.

    Raises
    ------
    sessionframes.errors.QueryError
        There is no id of a session in it; the message tells what is wrong with it.

    Examples
    --------
    >>> session = Session("ecephys_676909_2023-12-13_13-43-40")
    >>> session.platform, session.subject_id, session.date, session.time
    ('ecephys', '676909', '2023-12-13', '13:43:40')
    >>> session.dt
    datetime.datetime(2023, 12, 13, 13, 43, 40)
    >>> session == Session("/data/ecephys_676909_2023-12-13_13-43-40_sorted_2024-03-01_16-02-45")
    True
    """

    def __init__(self, session_id: Any, db: Any = None) -> None:
        if isinstance(session_id, Session):
            db = session_id.given_db if db is None else db
            session_id = session_id.id
        super().__init__(db)
        self._name = parse_name(session_id)

    @property
    def id(self) -> str:
        """The name of the session, such as ecephys_676909_2023-12-13_13-43-40."""
        return self._name.id

    @property
    def platform(self) -> str | None:
        """The platform, such as ecephys; None where the name has none, as in schema 2."""
        return self._name.platform

    @property
    def subject_id(self) -> str:
        """The animal."""
        return self._name.subject_id

    @property
    def date(self) -> str:
        """The day, by the clock beside the rig: 2023-12-13."""
        return self._name.date

    @property
    def time(self) -> str:
        """The time of day, by the clock beside the rig: 13:43:40."""
        return self._name.time

    @property
    def dt(self) -> datetime:
        """Day and time by the clock beside the rig, without a zone."""
        return self._name.dt

    @cached_property
    def facts(self) -> Facts:
        """What was asked about it."""
        return Facts(self.db.aind, self._name)

    def refresh(self) -> Self:
        """Forget what was asked, so that it is asked again; the session itself is returned."""
        self.__dict__.pop("facts", None)
        return self

    @property
    def data_assets(self) -> tuple[DataAsset, ...]:
        """The data assets that are named after it, the oldest first.

        Raises
        ------
        sessionframes.errors.AuthenticationError
            There is no token for Code Ocean, or it is refused.
        """
        return tuple(map(of_asset, self.facts.assets))

    @property
    def raw_data_asset(self) -> DataAsset:
        """The newest data asset with its raw data; without a token of Code Ocean, what DocDB knows of it.

        Raises
        ------
        NotThereError
            There is none.
        sessionframes.errors.AuthenticationError
            DocDB knows none, and there is no token to ask Code Ocean.
        """
        return self.facts.raw_asset or self._lacks("raw data asset")

    @property
    def raw_data_dir(self) -> Url:
        """The folder of its raw data.

        Raises
        ------
        NotThereError
            There is none.
        sessionframes.errors.AuthenticationError
            There is none in the places that may be read, and not all of them may.
        """
        return self.facts.raw_folder or self._lacks("folder of raw data that is known")

    @property
    def is_uploaded(self) -> bool:
        """Whether there are raw data: an asset of them, or a folder.

        Raises
        ------
        sessionframes.errors.AuthenticationError
            None are in the places that may be read, and not all of them may.
        """
        return self.facts.is_uploaded

    @property
    def modalities(self) -> tuple[str, ...]:
        """The names of the folders of its raw data, one for each modality; none if it was not uploaded.

        They are not the abbreviations that DocDB has, and ``get_sessions`` with it: behavior_videos here is
        behavior-videos there.

        Raises
        ------
        sessionframes.errors.AuthenticationError
            There are no raw data in the places that may be read, and not all of them may.
        sessionframes.errors.SourceResponseError
            Its record has a location that is in no bucket.
        """
        names = ("ecephys" if name in _OF_ECEPHYS else name for name in self.facts.raw_folders)
        return tuple(sorted({name for name in names if "metadata" not in name}))

    @property
    def docdb(self) -> Record:
        """Its record in DocDB, as it is there: the newest raw one of that name; empty if there is none."""
        return self.facts.record

    @property
    def ecephys(self) -> Ecephys:
        """Its electrophysiology: folders, and what spike sorting made of it."""
        return Ecephys(self)

    @property
    def subject(self) -> Subject:
        """The animal, as an object."""
        return Subject(self.subject_id, self.given_db)

    def _lacks(self, what: str) -> NoReturn:
        raise NotThereError(f"{self.id} has no {what}.", source="aind")

    def __eq__(self, other: object) -> bool:
        return self.id == other.id if isinstance(other, Session) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self.id < other.id if isinstance(other, Session) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"Session({self.id!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return self._reduced(self.id)


@total_ordering
class Subject(_Connected):
    """An animal of AIND; equal, and ordered, by its id.

    Parameters
    ----------
    subject_id : str or int
        Its id, or any text with the id of one of its sessions.
    db : AindConnection, optional
        As of :class:`Session`.
    """

    def __init__(self, subject_id: Any, db: Any = None) -> None:
        super().__init__(db)
        if (
            isinstance(subject_id, bool)
            or not isinstance(subject_id, str | int)
            or not str(subject_id).strip()
        ):
            raise QueryError(f"{shown(subject_id)} is no id of an animal.", column="subject_id")
        name = find_name(str(subject_id))
        self.id = str(subject_id).strip() if name is None else name.subject_id

    @cached_property
    def sessions(self) -> tuple[Session, ...]:
        """Its sessions, the oldest first."""
        found = self.db.get("sessions", subject_id=self.id, columns=["local_time"], progress=False)
        sessions = [Session(name, self.given_db) for name in map(find_name, found.index) if name is not None]
        return tuple(sorted(set(sessions), key=lambda one: (one.dt, one.id)))

    @cached_property
    def docdb(self) -> tuple[Record, ...]:
        """All records of it in DocDB, the oldest first."""
        ids: list[str | int] = [self.id, *([int(self.id)] if self.id.isdecimal() else [])]
        found = whole_records(self.db.aind.docdb, {"subject.subject_id": {"$in": ids}})
        return tuple(sorted(found, key=_age))

    @cached_property
    def data_assets(self) -> tuple[DataAsset, ...]:
        """All data assets that its id is told of: by metadata, a tag, or their names; the oldest first.

        Raises
        ------
        sessionframes.errors.AuthenticationError
            There is no token for Code Ocean, or it is refused.
        """
        found = self.db.aind.check_codeocean().of_subjects([self.id])
        return tuple(of_asset(asset) for asset in sorted(found, key=created_of) if self._is_of(asset))

    def _is_of(self, asset: Asset) -> bool:
        told = [inner(asset, "custom_metadata").get("subject id"), *of_asset(asset).tags]
        # Words of a description are found too.
        return self.id in map(str, told) or bool(
            re.search(rf"(?<![^\W_]){re.escape(self.id)}(?![^\W_])", name_of(asset))
        )

    def refresh(self) -> Self:
        """Forget what was asked, so that it is asked again; the animal itself is returned."""
        for name in ("sessions", "docdb", "data_assets"):
            self.__dict__.pop(name, None)
        return self

    def __eq__(self, other: object) -> bool:
        return self.id == other.id if isinstance(other, Subject) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self.id < other.id if isinstance(other, Subject) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"Subject({self.id!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return self._reduced(self.id)


def _age(record: Record) -> tuple[datetime, str]:
    return made_at(record.get("created") or record.get("_created")) or _LONG_AGO, record["_id"]


def _connected() -> AindConnection:
    """Return the connection of those that were given none: one, as long as its options stay the same."""
    path = config_path()
    written = path.stat().st_mtime_ns if path.exists() else None
    return _opened(os.getpid(), tuple(sorted(os.environ.items())), written)


@lru_cache(maxsize=1)
def _opened(*_: Any) -> AindConnection:
    # The house above: it alone knows of the config file.
    from sessionframes import connect

    opened = connect("aind")
    if not hasattr(type(opened), "aind"):
        message = f"the entry [sources.aind] of {config_path()} leads to {opened!r}."
        raise QueryError(message, source="aind", hint=_HOW)
    return cast("AindConnection", opened)
