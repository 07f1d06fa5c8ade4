"""BrainSTEM: what labs keep of their projects, animals, sessions and implants (REST)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionframes.config import Option, nearest
from sessionframes.errors import ConfigError
from sessionframes.source import Read, Source
from sessionframes.sources.brainstem import access, flat, reads
from sessionframes.sources.brainstem.connection import BrainstemConnection
from sessionframes.sources.brainstem.forms import own_form, own_models
from sessionframes.sources.brainstem.login import log_in
from sessionframes.sources.brainstem.printed import models_json
from sessionframes.sources.brainstem.tables import (
    BrainstemAssets,
    BrainstemProbes,
    BrainstemProjects,
    BrainstemSessions,
    BrainstemSubjects,
)
from sessionframes.sources.brainstem.walk import BrainstemTransport
from sessionframes.sources.brainstem.write import WRITES
from sessionframes.transports.rest import RestTransport

if TYPE_CHECKING:
    from sessionframes.config import Options

#: What a wait can be, in s.
_SHORTEST, _LONGEST = 0.001, 86_400
_LARGEST_PAGE = 1000

OPTIONS = (
    Option("url", "Address of the server.", ("BRAINSTEM_URL",), default="https://www.brainstem.org/"),
    Option(
        "portal",
        "private (what your token may see), public (needs no token), or super (administrators).",
        ("BRAINSTEM_PORTAL",),
        default="private",
    ),
    *access.OPTIONS,
    Option("timeout", "Longest silence of the server, in s.", default=60.0, kind=float),
    Option(
        "page_size",
        "How many records to ask for at a time; the server may give fewer.",
        default=100,
        kind=int,
    ),
)
_NO_RECORDS = (
    "BrainSTEM has no records of {}: it tells where the files are. Ask get_assets() for data storages and "
    "download links, and get_sessions() for name_used_in_storage."
)


def open_brainstem(options: Options) -> BrainstemConnection:
    """Open a BrainSTEM; nothing is sent to it, unless a name and a password are to be turned into a token.

    Raises
    ------
    sessionframes.errors.ConfigError
        An option makes no sense.
    sessionframes.errors.AuthenticationError
        The portal needs a token, and there is none.
    """
    _check_options(options)
    timeout = options["timeout"]
    address, token = access.address_of(options), access.token_of(options)
    judge = access.judge_with(token)
    rest = RestTransport(address, token, source="brainstem", timeout=(min(10, timeout), timeout), judge=judge)
    return BrainstemConnection(SOURCE, BrainstemTransport(rest, options["portal"], options["page_size"]))


def _check_options(options: Options) -> None:
    portal = options["portal"]
    access.address_of(options)
    if portal not in access.PORTALS:
        message = f"option 'portal' is {portal!r}."
        raise ConfigError(message, source="brainstem", hint=nearest(portal, access.PORTALS))
    if not _SHORTEST <= options["timeout"] <= _LONGEST:
        message = f"option 'timeout' is {options['timeout']:g} s."
        raise ConfigError(message, source="brainstem", hint=f"Give {_SHORTEST} to {_LONGEST:,} s.")
    if not 1 <= options["page_size"] <= _LARGEST_PAGE:
        message = f"option 'page_size' is {options['page_size']}."
        raise ConfigError(message, source="brainstem", hint=f"Give 1 to {_LARGEST_PAGE}.")


SOURCE = Source(
    name="brainstem",
    description="BrainSTEM (brainstem.org): projects, animals, sessions, implants, and where the data are.",
    options=OPTIONS,
    reads={
        "sessions": Read(BrainstemSessions, reads.records("session"), flat.sessions),
        "probes": Read(BrainstemProbes, reads.probes, flat.probes),
        "projects": Read(BrainstemProjects, reads.records("project"), flat.records),
        "subjects": Read(BrainstemSubjects, reads.records("subject"), flat.subjects),
        "assets": Read(BrainstemAssets, reads.assets, flat.assets),
        **{name: Read(own_form(name), reads.records(name), flat.records) for name in own_models()},
    },
    open=open_brainstem,
    printouts={"models.json": models_json},
    writes=WRITES,
    login=log_in,
    reasons={
        "channels": _NO_RECORDS.format("single channels"),
        "units": _NO_RECORDS.format("units"),
        "unit_metrics": _NO_RECORDS.format("units"),
        **dict.fromkeys(("user", "group"), "People are no table: their records are personal data."),
    },
)
