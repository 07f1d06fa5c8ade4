"""An AIND that is open: tables, and sessions as objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sessionframes.connection import Connection
from sessionframes.sources.aind.access import transport_of

if TYPE_CHECKING:
    from sessionframes.config import Options
    from sessionframes.sources.aind.session import Session
    from sessionframes.sources.aind.transport import AindTransport


class AindConnection(Connection):
    """An open AIND. Made by ``sessionframes.connect("aind", ...)``.

    Sessions are named as their data are: ``ecephys_676909_2023-12-13_13-43-40``. Of what is told in several
    places the newest raw record counts. Probes are planned targets as DocDB has them; channels and units are
    those of the latest sorting that did not fail.
    """

    def session(self, session_id: Any) -> Session:
        """Return one session as an object: its assets, folders, record and sortings.

        Parameters
        ----------
        session_id : str
            Its id, or any text with it: the name of an asset, a path.

        Raises
        ------
        sessionframes.errors.QueryError
            There is no id of a session in it.
        """
        from sessionframes.sources.aind.session import Session

        return Session(session_id, self)

    @property
    def aind(self) -> AindTransport:
        """The clients of DocDB, Code Ocean and S3 that this stands on."""
        return cast("AindTransport", self.transport)


def open_aind(options: Options) -> AindConnection:
    """Open AIND; nothing is sent to it.

    Raises
    ------
    sessionframes.errors.ConfigError
        An option makes no sense.
    """
    from sessionframes.sources.aind import SOURCE

    return AindConnection(SOURCE, transport_of(options))
