"""The calls by which users ask for tables and files, by name: all of them are two.

Their names, and the order of their arguments, are those of AllenSDK's ``EcephysProjectLimsApi``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionframes.errors import QueryError
from sessionframes.summaries import summarize

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from sessionframes.source import Source
    from sessionframes.summaries import Asked


class Calls:
    """The ``get_*`` calls of an open source, in terms of :meth:`get` and :meth:`stream`."""

    @property
    def source(self) -> Source:
        """What this source declares."""
        raise NotImplementedError

    def get(self, table: str, **arguments: Any) -> pd.DataFrame:
        """Return a table; see :meth:`sessionframes.connection.Connection.get`."""
        raise NotImplementedError

    def stream(self, kind: str, id: Any) -> Iterator[bytes]:  # noqa: A002  it is an id, whatever the builtin
        """Return a file as an iterator of bytes; see :meth:`sessionframes.connection.Connection.stream`."""
        raise NotImplementedError

    def summarize(self: Asked, table: str, of: Any = None, **arguments: Any) -> pd.DataFrame:
        """Return a table with what is counted below it, as AllenSDK's tables of sessions and probes have it.

        The source counts where it can, so that no row below is sent. Either way it is what
        :func:`sessionframes.summarize` makes of the table and those below it.

        Parameters
        ----------
        table : str
            "sessions", "probes" or "channels".
        of : str, collection of str, or dict, optional
            What is counted: some of "probes", "channels", "units"; all of these that the source has below the
            table if not given. A dict has a filter for each, or None: ``{"units": Q(quality="good")}``.
        **arguments
            As of :meth:`get`; they tell which rows and columns the table is to have. Its switches, such as
            ``include_unusable``, hold for the tables below too.

        Returns
        -------
        pandas.DataFrame
            That of :meth:`get`, and after its columns those that :func:`sessionframes.summarize` adds for the
            tables that are counted: ``probe_count``, ``channel_count``, ``unit_count``,
            ``structure_acronyms``.

        Raises
        ------
        sessionframes.errors.QueryError
            A wrong argument, or nothing that could be counted; nothing was sent.
        sessionframes.errors.SessionFramesError
            As of :meth:`get`.
        """
        return summarize(self, table, of, arguments)

    def get_sessions(
        self, session_ids: Any = None, published_at: Any = None, **arguments: Any
    ) -> pd.DataFrame:
        """Return the sessions.

        Parameters
        ----------
        session_ids : ids, optional
            Only these; see :meth:`get` for what counts as ids.
        published_at : date, datetime or str, optional
            Only what was published then or before, where the source tells; a bare date includes its whole
            day, no zone means UTC.
        **arguments
            See :meth:`get`, which also tells what comes back, and what is raised.
        """
        return self.get("sessions", session_ids=session_ids, **_given(published_at=published_at), **arguments)

    def get_probes(
        self, probe_ids: Any = None, session_ids: Any = None, published_at: Any = None, **arguments: Any
    ) -> pd.DataFrame:
        """Return the probes, one row for each session of one; rates in Hz. As :meth:`get_sessions`."""
        more = {**_given(published_at=published_at), **arguments}
        return self.get("probes", probe_ids=probe_ids, session_ids=session_ids, **more)

    def get_channels(
        self,
        channel_ids: Any = None,
        probe_ids: Any = None,
        session_ids: Any = None,
        published_at: Any = None,
        **arguments: Any,
    ) -> pd.DataFrame:
        """Return the channels; positions and CCF coordinates in um. As :meth:`get_sessions`."""
        ids = {"channel_ids": channel_ids, "probe_ids": probe_ids, "session_ids": session_ids}
        return self.get("channels", **ids, **_given(published_at=published_at), **arguments)

    def get_units(
        self,
        unit_ids: Any = None,
        channel_ids: Any = None,
        probe_ids: Any = None,
        session_ids: Any = None,
        published_at: Any = None,
        **arguments: Any,
    ) -> pd.DataFrame:
        """Return the sorted units, whatever their quality: noise is there too. As :meth:`get_sessions`.

        Rates are in Hz, durations in ms, amplitudes in uV, distances in um, slopes in V/s, inverse velocities
        in s/m.
        """
        ids = {"channel_ids": channel_ids, "probe_ids": probe_ids, "session_ids": session_ids}
        more = {**_given(published_at=published_at), **arguments}
        return self.get("units", unit_ids=unit_ids, **ids, **more)

    def get_projects(self, project_ids: Any = None, **arguments: Any) -> pd.DataFrame:
        """Return the projects; arguments, result and errors as in :meth:`get`."""
        return self.get("projects", project_ids=project_ids, **arguments)

    def get_subjects(self, subject_ids: Any = None, **arguments: Any) -> pd.DataFrame:
        """Return the animals; arguments, result and errors as in :meth:`get`."""
        return self.get("subjects", subject_ids=subject_ids, **arguments)

    def get_structures(self, structure_ids: Any = None, **arguments: Any) -> pd.DataFrame:
        """Return the brain regions; arguments, result and errors as in :meth:`get`."""
        return self.get("structures", structure_ids=structure_ids, **arguments)

    def get_trajectories(
        self,
        trajectory_ids: Any = None,
        probe_ids: Any = None,
        session_ids: Any = None,
        **arguments: Any,
    ) -> pd.DataFrame:
        """Return the tracks of probes, coordinates in um, angles in degrees; as in :meth:`get`."""
        ids = {"trajectory_ids": trajectory_ids, "probe_ids": probe_ids, "session_ids": session_ids}
        return self.get("trajectories", **ids, **arguments)

    def get_assets(self, asset_ids: Any = None, session_ids: Any = None, **arguments: Any) -> pd.DataFrame:
        """Return where the data of sessions are; arguments, result and errors as in :meth:`get`."""
        return self.get("assets", asset_ids=asset_ids, session_ids=session_ids, **arguments)

    def get_tasks(self, task_ids: Any = None, session_ids: Any = None, **arguments: Any) -> pd.DataFrame:
        """Return the steps of processing; arguments, result and errors as in :meth:`get`."""
        return self.get("tasks", task_ids=task_ids, session_ids=session_ids, **arguments)

    def get_unit_analysis_metrics(
        self,
        unit_ids: Any = None,
        ecephys_session_ids: Any = None,
        session_types: Any = None,
        *,
        session_ids: Any = None,
        **arguments: Any,
    ) -> pd.DataFrame:
        """Return how units responded to the stimuli of their sessions: the table "unit_metrics".

        Parameters
        ----------
        unit_ids, ecephys_session_ids : ids, optional
            Only these, and only of these.
        session_types : str or collection of str, optional
            Only of sessions of these types, such as "brain_observatory_1.1", where the source tells them.
        session_ids : ids, optional
            Stands for `ecephys_session_ids`, by the name that it has everywhere else.
        **arguments
            As in :meth:`get`; the result too.

        Returns
        -------
        pandas.DataFrame
            Index ``unit_id``, one row per unit that has metrics: in LIMS, a bundle of a current analysis run
            (the newest of several). The same columns whatever the session types, null where a session did
            not show the stimulus.

        Raises
        ------
        sessionframes.errors.QueryError
            The sessions are given under both names.
        """
        if session_ids is not None and ecephys_session_ids is not None:
            message = "both session_ids and ecephys_session_ids are given; they mean the same."
            raise QueryError(message, source=self.source.name, table="unit_metrics", hint="Give one of them.")
        sessions = session_ids if ecephys_session_ids is None else ecephys_session_ids
        more = {**_given(session_types=session_types), **arguments}
        return self.get("unit_metrics", unit_ids=unit_ids, session_ids=sessions, **more)

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


def _given(**arguments: Any) -> dict[str, Any]:
    """Return what was given: not every source takes these."""
    return {name: value for name, value in arguments.items() if value is not None}
