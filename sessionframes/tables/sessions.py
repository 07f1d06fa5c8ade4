"""Sessions: one row per recording."""

from __future__ import annotations

from sessionframes.tables.base import Table
from sessionframes.tables.kinds import Id, Instant, Key, Number, Text, column, key, parent

#: Said of subjects too.
GENOTYPE = "Full genotype of the animal."
SEX = "Sex of the animal as the source writes it, such as M or F."


class Sessions(Table, name="sessions"):
    """One row per recording session, ordered by its id. The session is the root: it has no parent table."""

    session_id: Key = key("Id of the session.")
    subject_id: Id = parent("Id of the animal.", null="the source does not tell whose session it was")
    session_type: Text = column("Name of the stimulus set or task protocol.", null="not recorded")
    start_time: Instant = column(
        "When the recording began. LIMS: date_of_acquisition, often the date of upload.",
        null="not recorded",
    )
    genotype: Text = column(GENOTYPE, null="wild type, or not filled in")
    sex: Text = column(SEX, null="not recorded")
    age_in_days: Number = column(
        "Age of the animal. LIMS: one value per animal, whatever the session.",
        unit="days",
        null="not recorded",
        between=(0, None),
    )
