"""A LIMS that is open: the calls of AllenSDK's ``EcephysProjectLimsApi``, by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionframes.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from sessionframes.tables.validation import OnInvalid


class LimsConnection(Connection):
    """An open LIMS. Made by ``sessionframes.connect("lims", ...)``."""

    def get_sessions(
        self,
        session_ids: Any = None,
        published_at: Any = None,
        *,
        include_unusable: bool = False,
        fill_genotype: bool = False,
        on_invalid: OnInvalid = "raise",
        progress: bool = True,
        **arguments: Any,
    ) -> pd.DataFrame:
        """Return the ecephys sessions that are of use.

        Parameters
        ----------
        session_ids : ids, optional
            Only these; see :meth:`~sessionframes.connection.Connection.get` for what counts as ids.
        published_at : date, datetime or str, optional
            Only sessions published then or before; a bare date includes its whole day, no zone means UTC.
        include_unusable : bool
            Also habituation sessions and failed ones, and those of which LIMS does not tell.
        fill_genotype : bool
            Write "wt" where LIMS has no genotype, as AllenSDK does.
        on_invalid, progress, **arguments
            ``where``, ``columns``, ``order_by``, ``limit``, ``subject_id``, ``date``, ``start_date``,
            ``end_date``: see :meth:`~sessionframes.connection.Connection.get`, which also tells what is
            raised.

        Returns
        -------
        pandas.DataFrame
            Validated by :class:`~sessionframes.sources.lims.tables.LimsSessions`: one row per session, also
            where several packaged files, or no age or sex, are known; index ``session_id``.
        """
        return self.get(
            "sessions",
            session_ids=session_ids,
            published_at=published_at,
            include_unusable=include_unusable,
            fill_genotype=fill_genotype,
            on_invalid=on_invalid,
            progress=progress,
            **arguments,
        )

    def get_probes(
        self,
        probe_ids: Any = None,
        session_ids: Any = None,
        published_at: Any = None,
        *,
        include_unusable: bool = False,
        on_invalid: OnInvalid = "raise",
        progress: bool = True,
        **arguments: Any,
    ) -> pd.DataFrame:
        """Return the ecephys probes that are of use: not failed, of usable sessions.

        Parameters
        ----------
        probe_ids, session_ids : ids, optional
            Only these, and only of these.
        published_at, include_unusable, on_invalid, progress, **arguments
            As of :meth:`get_sessions`: ``where``, ``columns``, ``order_by``, ``limit`` and others.

        Returns
        -------
        pandas.DataFrame
            Validated by :class:`~sessionframes.sources.lims.tables.LimsProbes`; index ``probe_id``;
            rates in Hz.
        """
        return self.get(
            "probes",
            probe_ids=probe_ids,
            session_ids=session_ids,
            published_at=published_at,
            include_unusable=include_unusable,
            on_invalid=on_invalid,
            progress=progress,
            **arguments,
        )

    def get_channels(
        self,
        channel_ids: Any = None,
        probe_ids: Any = None,
        session_ids: Any = None,
        published_at: Any = None,
        *,
        include_unusable: bool = False,
        on_invalid: OnInvalid = "raise",
        progress: bool = True,
        **arguments: Any,
    ) -> pd.DataFrame:
        """Return the ecephys channels that are of use: valid, of usable probes.

        Parameters
        ----------
        channel_ids, probe_ids, session_ids : ids, optional
            Only these, and only of these.
        published_at, include_unusable, on_invalid, progress, **arguments
            As of :meth:`get_sessions`: ``where``, ``columns``, ``order_by``, ``limit`` and others.

        Returns
        -------
        pandas.DataFrame
            Validated by :class:`~sessionframes.sources.lims.tables.LimsChannels`; index ``channel_id``;
            positions and CCF coordinates in um.
        """
        return self.get(
            "channels",
            channel_ids=channel_ids,
            probe_ids=probe_ids,
            session_ids=session_ids,
            published_at=published_at,
            include_unusable=include_unusable,
            on_invalid=on_invalid,
            progress=progress,
            **arguments,
        )

    def get_units(
        self,
        unit_ids: Any = None,
        channel_ids: Any = None,
        probe_ids: Any = None,
        session_ids: Any = None,
        published_at: Any = None,
        *,
        include_unusable: bool = False,
        on_invalid: OnInvalid = "raise",
        progress: bool = True,
        **arguments: Any,
    ) -> pd.DataFrame:
        """Return the sorted units of usable channels, whatever their own quality: noise is there too.

        Parameters
        ----------
        unit_ids, channel_ids, probe_ids, session_ids : ids, optional
            Only these, and only of these.
        published_at, include_unusable, on_invalid, progress, **arguments
            As of :meth:`get_sessions`: ``where``, ``columns``, ``order_by``, ``limit`` and others.

        Returns
        -------
        pandas.DataFrame
            Validated by :class:`~sessionframes.sources.lims.tables.LimsUnits`; index ``unit_id``; rates in
            Hz, durations in ms, amplitudes in uV, distances in um, slopes in V/s, inverse velocities in s/m.
        """
        return self.get(
            "units",
            unit_ids=unit_ids,
            channel_ids=channel_ids,
            probe_ids=probe_ids,
            session_ids=session_ids,
            published_at=published_at,
            include_unusable=include_unusable,
            on_invalid=on_invalid,
            progress=progress,
            **arguments,
        )

    def get_session_data(self, session_id: Any) -> Iterator[bytes]:
        """Return the NWB file of a session as an iterator of bytes; see :meth:`stream`."""
        return self.stream("session_data", session_id)

    def get_probe_lfp_data(self, probe_id: Any) -> Iterator[bytes]:
        """Return the NWB file of a probe's field potential as an iterator of bytes; see :meth:`stream`."""
        return self.stream("probe_lfp_data", probe_id)

    def get_natural_movie_template(self, number: Any) -> Iterator[bytes]:
        """Return the NPY file of a natural movie, 3 for natural_movie_three, as an iterator of bytes."""
        return self.stream("natural_movie_template", number)

    def get_natural_scene_template(self, number: Any) -> Iterator[bytes]:
        """Return the TIFF file of a natural scene as an iterator of bytes; see :meth:`stream`."""
        return self.stream("natural_scene_template", number)
