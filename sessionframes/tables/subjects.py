"""Subjects: one row per animal."""

from __future__ import annotations

from sessionframes.tables.base import Table
from sessionframes.tables.kinds import Instant, Key, Text, column, key
from sessionframes.tables.sessions import GENOTYPE, SEX


class Subjects(Table, name="subjects"):
    """One row per animal, ordered by its id."""

    subject_id: Key = key("Id of the animal.")
    subject_name: Text = column("Name by which people know the animal.", null="not named")
    species: Text = column("Species of the animal, such as Mus musculus.", null="not recorded")
    sex: Text = column(SEX, null="not recorded")
    genotype: Text = column(GENOTYPE, null="wild type, or not filled in")
    date_of_birth: Instant = column("Day of birth, as its midnight in UTC.", null="not recorded")
