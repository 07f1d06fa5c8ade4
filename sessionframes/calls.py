"""The calls by which users ask for tables, by name: all of them are one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionframes.errors import QueryError
from sessionframes.summaries import summarize

if TYPE_CHECKING:
    import pandas as pd

    from sessionframes.source import Source
    from sessionframes.summaries import Asked


class Calls:
    """The ``get_*`` calls of an open source, in terms of :meth:`get`."""

    @property
    def source(self) -> Source:
        """What this source declares."""
        raise NotImplementedError

    def get(self, table: str, **arguments: Any) -> pd.DataFrame:
        """Return a table; see :meth:`sessionframes.connection.Connection.get`."""
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

    def get_sessions(self, session_ids: Any = None, **arguments: Any) -> pd.DataFrame:
        """Return the sessions; arguments, result and errors as in :meth:`get`."""
        return self.get("sessions", session_ids=session_ids, **arguments)

    def get_probes(self, probe_ids: Any = None, session_ids: Any = None, **arguments: Any) -> pd.DataFrame:
        """Return the probes; arguments, result and errors as in :meth:`get`."""
        return self.get("probes", probe_ids=probe_ids, session_ids=session_ids, **arguments)

    def get_channels(
        self, channel_ids: Any = None, probe_ids: Any = None, session_ids: Any = None, **arguments: Any
    ) -> pd.DataFrame:
        """Return the channels; arguments, result and errors as in :meth:`get`."""
        return self.get(
            "channels", channel_ids=channel_ids, probe_ids=probe_ids, session_ids=session_ids, **arguments
        )

    def get_units(
        self,
        unit_ids: Any = None,
        channel_ids: Any = None,
        probe_ids: Any = None,
        session_ids: Any = None,
        **arguments: Any,
    ) -> pd.DataFrame:
        """Return the units, whatever their quality; arguments, result and errors as in :meth:`get`."""
        return self.get(
            "units",
            unit_ids=unit_ids,
            channel_ids=channel_ids,
            probe_ids=probe_ids,
            session_ids=session_ids,
            **arguments,
        )

    def get_projects(self, project_ids: Any = None, **arguments: Any) -> pd.DataFrame:
        """Return the projects; arguments, result and errors as in :meth:`get`."""
        return self.get("projects", project_ids=project_ids, **arguments)

    def get_subjects(self, subject_ids: Any = None, **arguments: Any) -> pd.DataFrame:
        """Return the animals; arguments, result and errors as in :meth:`get`."""
        return self.get("subjects", subject_ids=subject_ids, **arguments)

    def get_assets(self, asset_ids: Any = None, session_ids: Any = None, **arguments: Any) -> pd.DataFrame:
        """Return where the data of sessions are; arguments, result and errors as in :meth:`get`."""
        return self.get("assets", asset_ids=asset_ids, session_ids=session_ids, **arguments)

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
        if session_types is not None:
            arguments["session_types"] = session_types
        return self.get(
            "unit_metrics",
            unit_ids=unit_ids,
            session_ids=session_ids if ecephys_session_ids is None else ecephys_session_ids,
            **arguments,
        )
