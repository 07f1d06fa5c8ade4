"""LIMS, the Allen Institute's Postgres, and the web application that hands out its files."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from sessionframes.config import Option, Options, mask
from sessionframes.connection import Connection
from sessionframes.errors import ConfigError
from sessionframes.flatten import from_batch
from sessionframes.source import Read, Source, texts_argument, until_argument
from sessionframes.sources.lims import metrics, reads, schema, tallies
from sessionframes.sources.lims.files import FILES
from sessionframes.sources.lims.tables import (
    LimsChannels,
    LimsProbes,
    LimsSessions,
    LimsUnitMetrics,
    LimsUnits,
)
from sessionframes.transports.files import FileTransport
from sessionframes.transports.postgres import PostgresTransport, connection_string

_REQUIRED = ("host", "dbname", "user")
_SERVER = (*_REQUIRED, "port", "password", "sslmode", "sslrootcert", "sslcert", "sslkey")

#: What Postgres can keep time by, in s.
_SHORTEST, _LONGEST = 0.001, 2_000_000

OPTIONS = (
    Option("url", "postgresql://USER:PASSWORD@HOST:PORT/DATABASE.", ("LIMS_URL",), secret=True),
    Option("host", "Name of the database server.", ("LIMS_HOST",)),
    Option("port", "Its port.", ("LIMS_PORT",), default=5432, kind=int),
    Option("dbname", "Name of the database.", ("LIMS_DBNAME",)),
    Option("user", "Who reads.", ("LIMS_USER",)),
    Option("password", "Their password.", ("LIMS_PASSWORD",), secret=True),
    Option("sslmode", "libpq's sslmode: prefer, require, verify-full ..."),
    Option("sslrootcert", "File of the certificates to trust."),
    Option("sslcert", "File of the client's certificate."),
    Option("sslkey", "File of the client's key."),
    Option("statement_timeout", "Longest that one query may take on the server, in s.", kind=float),
    Option("files_url", "Web application that hands out files.", ("LIMS_FILES_URL",), default="http://lims2"),
    Option("files_timeout", "Longest silence of the web application, in s.", default=60.0, kind=float),
)

_PUBLISHED_AT = until_argument(
    "published_at", "published_at", "Sessions published then or before; a bare date includes its whole day."
)
_INCLUDE = {
    "include_unusable": "Also habituation, failed and invalid ones, and those of which LIMS is silent."
}
_FILL = {"fill_genotype": 'Write "wt" where LIMS has no genotype.'}


def open_lims(options: Options) -> Connection:
    """Open a LIMS.

    Raises
    ------
    sessionframes.errors.ConfigError
        It is not told which database.
    sessionframes.errors.SourceError
        The server does not answer, or refuses.
    """
    _check_options(options)
    server = _server_options(options)
    conninfo = connection_string(server, statement_timeout=options["statement_timeout"])
    files = FileTransport(options["files_url"], timeout=(10, options["files_timeout"]))
    return Connection(SOURCE, PostgresTransport(conninfo, source="lims"), files)


def _check_options(options: Options) -> None:
    for name in ("statement_timeout", "files_timeout"):
        seconds = options[name]
        if seconds is not None and not _SHORTEST <= seconds <= _LONGEST:
            message = f"option {name!r} is {seconds:g} s."
            raise ConfigError(message, source="lims", hint=f"Give {_SHORTEST} to {_LONGEST:,} s.")
    try:
        parts = urlsplit(options["files_url"])
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        message = f"option 'files_url' is {mask(options['files_url'])!r}."
        raise ConfigError(message, source="lims", hint="Give an address such as http://lims2.")


def _server_options(options: Options) -> dict[str, Any]:
    url, far = options.secret("url"), options.distance("url")
    told = {name: options.secret(name) for name in _SERVER}
    # Told another server closer to the call, the URL's user and password must not go there.
    if url is not None and options.distance("host") >= far:
        # A URL is complete; only what is said closer to the call, or in the same call, changes it.
        closer = {name: value for name, value in told.items() if options.distance(name) < max(far, 1)}
        return {"url": url, **closer}
    missing = [name for name in _REQUIRED if told[name] is None]
    if missing:
        variables = ", ".join(f"LIMS_{name.upper()}" for name in missing)
        raise ConfigError(
            f"not told which database: {', '.join(missing)} not given.",
            source="lims",
            hint=f'Give connect("lims", url=...), or these options, or set {variables}.',
        )
    return told


SOURCE = Source(
    name="lims",
    description="LIMS of the Allen Institute (Postgres): what AllenSDK's EcephysProjectLimsApi reads.",
    options=OPTIONS,
    reads={
        "sessions": Read(
            LimsSessions,
            reads.sessions,
            from_batch,
            (_PUBLISHED_AT,),
            {**_INCLUDE, **_FILL},
            brings={"include_unusable": "session_usable"},
        ),
        "probes": Read(
            LimsProbes,
            reads.probes,
            from_batch,
            (_PUBLISHED_AT,),
            _INCLUDE,
            joins=("sessions",),
            tally=tallies.probes,
            brings={"include_unusable": "probe_usable"},
        ),
        "channels": Read(
            LimsChannels,
            reads.channels,
            from_batch,
            (_PUBLISHED_AT,),
            _INCLUDE,
            joins=("probes", "sessions"),
            tally=tallies.channels,
            brings={"include_unusable": "channel_usable"},
        ),
        "units": Read(
            LimsUnits,
            reads.units,
            from_batch,
            (_PUBLISHED_AT,),
            _INCLUDE,
            joins=("channels", "probes", "sessions"),
            tally=tallies.units,
            brings={"include_unusable": "unit_usable"},
        ),
        "unit_metrics": Read(
            LimsUnitMetrics,
            metrics.unit_metrics,
            metrics.flatten,
            (texts_argument("session_types", "session_type", "Sessions of these types."), _PUBLISHED_AT),
            _INCLUDE,
            newest_by=metrics.NEWEST_BY,
            brings={"include_unusable": "unit_usable"},
        ),
    },
    open=open_lims,
    files=FILES,
    schemes=("postgresql", "postgres"),
    printouts={"ddl.sql": schema.ddl},
)
