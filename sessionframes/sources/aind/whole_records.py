"""Whole records of DocDB, be they larger than its gateway sends at once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from sessionframes.sources.aind.docdb import TooLargeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessionframes.sources.aind.docdb import DocDb, Projection, Record

__all__ = ["SECTIONS", "whole_records"]

_LOG = logging.getLogger(__name__)

#: What makes records large, in either schema.
SECTIONS: Final = (
    *("acquisition", "data_description", "instrument", "model", "procedures", "processing"),
    *("quality_control", "rig", "session", "subject"),
)


def whole_records(docdb: DocDb, where: Mapping[str, Any]) -> list[Record]:
    """Return all of the records that fulfil a filter, in the order of ``_id``.

    If one is too large to be sent, all are asked for section by section, and put together here.

    Parameters
    ----------
    docdb : DocDb
        Whom to ask.
    where : mapping
        A filter of MongoDB.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        A section of a record is too large by itself.
    """
    try:
        return _found(docdb, where, None)
    except TooLargeError as error:
        _LOG.info("%s Such records are read section by section.", error.message)
    records = {record["_id"]: record for record in _found(docdb, where, dict.fromkeys(SECTIONS, 0))}
    for section in SECTIONS:
        try:
            parts = _found(docdb, where, [section])
        except TooLargeError as error:
            error.hint = f"Its section {section!r} is too large by itself."
            raise
        for part in parts:
            # One that was written meanwhile is not there.
            if part["_id"] in records and section in part:
                records[part["_id"]][section] = part[section]
    return list(records.values())


def _found(docdb: DocDb, where: Mapping[str, Any], projection: Projection) -> list[Record]:
    return [record for page in docdb.find(where, projection) for record in page]
