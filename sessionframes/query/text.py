r"""Filters as text, for the command line and the config file: ``snr__gte=1.5 & ~structure_acronym=VISp``.

::

    filter  :  both ("|" both)*
    both    :  one ("&" one)*
    one     :  "~" one  |  "(" [filter] ")"  |  term
    term    :  name "=" value
    name    :  key ("__" key)*        a key that is no word stands in quotes: extended_qc__"my key"__gt
    value   :  number  |  true  |  false  |  null  |  word  |  quoted  |  list  |  object
    list    :  "[" [value ("," value)*] "]", or the same in round brackets
    object  :  "{" [quoted ":" value ("," quoted ":" value)*] "}"

A word has no space in it and none of ``& | ~ ( ) [ ] { } , = ' "``: ``VISp``, ``probe-A``,
``2020-01-01T10:00:00+02:00``. ``true``, ``null``, ``inf`` and their like may be in capitals; ``007`` is text.
Quoted text, in single or double quotes, knows Python's escapes: ``\\ \' \" \n \r \t``, ``\xXX``, ``\uXXXX``,
``\UXXXXXXXX``. Brackets with nothing in them, ``()``, are the filter of no terms, ``Q()``: every row.

The parser (``reader.py``) is our own, not lark's: for eight rules a library saves little code, and nearly all
of ours says what to do about which character, where lark knows but the names of the tokens it had expected.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from sessionframes.errors import QueryError
from sessionframes.query.reader import Reader, is_key, is_start_of_name, is_word
from sessionframes.query.shown import shown

if TYPE_CHECKING:
    from sessionframes.query.q import Q

#: So many values of a list are shown in a message.
_FEW = 3


def parse(text: str) -> Q:
    """Return the filter that a text says; the grammar stands at the head of this module.

    Raises
    ------
    sessionframes.errors.QueryError
        It says none. The message points at the character and says what would do.

    Examples
    --------
    >>> parse("snr__gte=1.5 & ~structure_acronym__startswith=VIS")
    Q(snr__gte=1.5) & ~Q(structure_acronym__startswith='VIS')
    >>> parse("unit_id__in=[1, 2] | probe_name='probe A'")
    Q(unit_id__in=[1, 2]) | Q(probe_name='probe A')
    """
    if not isinstance(text, str):
        message = f"filter: {shown(text)} is a {type(text).__name__}, not text."
        raise QueryError(message, hint="Give text such as 'snr__gte=1.5'.")
    return Reader(text).read()


def write(q: Q) -> str:
    """Return the shortest text that says a filter: :func:`parse` returns an equal one.

    What has brackets more than 100 deep, or over a million characters, is written but not read again.

    Examples
    --------
    >>> from sessionframes import Q
    >>> write(Q(snr__gte=1.5) & ~Q(rig_name="NP 1", session_type__in=["a", "true"]))
    "snr__gte=1.5 & ~(rig_name='NP 1' & session_type__in=[a, 'true'])"
    """
    if q.connector == "term":
        return f"{_written_name(q.name)}={_written(q.value)}"
    if q.connector == "not":
        return f"~{_grouped(q.parts[0], 'and', 'or')}"
    if not q.parts:
        return "()" if q.connector == "and" else "~()"
    if q.connector == "and":
        return " & ".join(_grouped(part, "or") for part in q.parts)
    return " | ".join(write(part) for part in q.parts)


def write_term(name: str, lookup: str, value: Any) -> str:
    """Return one term for messages and provenance, with a long list cut short.

    Parameters
    ----------
    name : str
        The column and the way into it, joined by two underscores.
    lookup : str
        Left out where it is "exact", unless the name ends in what would be taken for a lookup.
    value : object
        Text, number, flag, None, date, time, or a list, tuple or dict of those.

    Examples
    --------
    >>> write_term("unit_id", "in", tuple(range(10)))
    'unit_id__in=[0, 1, 2, and 7 more]'
    >>> write_term("probe_name", "exact", "probeA")
    'probe_name=probeA'
    """
    from sessionframes.query.binding import LOOKUPS

    is_understood = lookup == "exact" and name.split("__")[-1] not in LOOKUPS["json"]
    told = _written_name(name if is_understood else f"{name}__{lookup}")
    if isinstance(value, list | tuple) and len(value) > _FEW:
        few = ", ".join(_written(item) for item in value[:_FEW])
        return f"{told}=[{few}, and {len(value) - _FEW} more]"
    return f"{told}={_written(value)}"


def _grouped(q: Q, *looser: str) -> str:
    return f"({write(q)})" if q.parts and q.connector in looser else write(q)


def _written_name(name: str) -> str:
    first, *rest = name.split("__")
    head = first if is_key(first) and is_start_of_name(name[:1]) else repr(first)
    return "__".join([head, *(key if is_key(key) else repr(key) for key in rest)])


def _written(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, datetime | date | time):
        value = value.isoformat()
    if isinstance(value, str):
        return value if is_word(value) else repr(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_written(item) for item in value) + "]"
    return repr(value)
