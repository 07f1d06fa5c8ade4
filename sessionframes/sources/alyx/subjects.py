"""From subjects of Alyx to the columns of their table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionframes.flatten import instant
from sessionframes.sources.alyx.endpoints import OF_TABLE
from sessionframes.sources.alyx.flat import cells_of, flattened, made, rest_cell
from sessionframes.sources.alyx.sessions import genotype_of, sex_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from sessionframes.sources.alyx.groups import Listed
    from sessionframes.tables import Table

__all__ = ["subjects"]

_SUBJECTS = OF_TABLE["subjects"]


def subjects(model: type[Table], page: Listed) -> pa.Table:
    """Return the columns of subjects.

    Parameters
    ----------
    model : type of Table
        The form of the table.
    page : Listed
        Records of subjects, as lists or reads have them.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        A record has what cannot be the value of a column; named are record, column and value.
    """
    cells = cells_of(_SUBJECTS, page.zone)
    cells |= {
        "genotype": made(genotype_of),
        "sex": made(sex_of),
        "age_weeks": made(_age),
        "last_water_restriction": instant("last_water_restriction", zone=page.zone),
        "subject_other_fields": rest_cell(_SUBJECTS),
    }
    return flattened(model, page, cells, _SUBJECTS)


def _age(record: Mapping[str, Any]) -> Any:
    # Told to be 0 where the day of birth is unknown.
    return record.get("age_weeks") if record.get("birth_date") else None
