"""Filters as users write them: ``Q(snr__gte=1.5) & ~Q(structure_acronym__startswith="VIS")``."""

from __future__ import annotations

import keyword
from typing import Any, Literal

from sessionframes.errors import QueryError
from sessionframes.query.literals import checked_text, frozen, identity, written
from sessionframes.query.shown import shown

#: Deeper ones, which no person writes, would exhaust the stack of what has to walk through them.
_DEEPEST = 40

Connector = Literal["term", "and", "or", "not"]


class Q:
    """A filter: terms on columns, joined by ``&``, ``|`` and ``~``.

    Two-valued: a term on a null is false, unless its lookup is ``isnull``, and ``~`` is the complement.
    It knows no source; columns, lookups and values are checked when it is used.

    Parameters
    ----------
    **terms
        ``column=value`` or ``column__lookup=value``, all of which must hold; none holds for every row. The
        lookups are Django's: exact (understood where none is named), iexact, contains, icontains, in, gt,
        gte, lt, lte, startswith, istartswith, endswith, iendswith, range, isnull, regex, iregex. Between a
        column of instants and its lookup a part of it may stand: date, year, iso_year, month, day, week,
        week_day (1 is Sunday), iso_week_day (1 is Monday), quarter, time, hour, minute, second, in UTC.
        Between a column of JSON and its lookup keys and indices lead into it (``extended_qc__task``), and
        it also knows contains, contained_by, has_key, has_keys and has_any_keys.

    Raises
    ------
    sessionframes.errors.QueryError
        A value that no column can hold.

    Examples
    --------
    >>> Q(snr__gte=1.5) & ~Q(structure_acronym__startswith="VIS")
    Q(snr__gte=1.5) & ~Q(structure_acronym__startswith='VIS')
    >>> Q(quality="good", snr__gte=1.5) == Q(quality="good") & Q(snr__gte=1.5)
    True
    """

    __slots__ = ("connector", "depth", "name", "parts", "value")

    #: What joins the parts; "term" where there is one term and no part.
    connector: Connector
    #: The filters that are joined: one for "not"; any number for "and" and "or".
    parts: tuple[Q, ...]
    #: How deep the parts are nested; 1 for a term.
    depth: int
    #: Of a term: the column, path and lookup, joined by two underscores.
    name: str
    #: Of a term: what the column is compared with.
    value: Any

    def __init__(self, /, **terms: Any) -> None:
        made = [(checked_text(name, name), frozen(value, name)) for name, value in terms.items()]
        if len(made) == 1:
            self._set("term", (), *made[0])
        else:
            self._set("and", tuple(_term(name, value) for name, value in made))

    @staticmethod
    def parse(text: str) -> Q:
        """Return the filter that a text says: ``"snr__gte=1.5 & ~structure_acronym__startswith=VIS"``.

        A value is a number, true, false, null, a bare word, text in quotes, a list in brackets
        (``structure_acronym__in=[LGd, LP]``) or a JSON object; ``str`` of a filter gives its text.

        Parameters
        ----------
        text : str
            Terms joined by ``&``, ``|`` and ``~``, with parentheses where needed.

        Raises
        ------
        sessionframes.errors.QueryError
            It cannot be read; the message points at the character.
        """
        from sessionframes.query.text import parse

        return parse(text)

    # A mask of pandas or NumPy is no filter, and theirs are not to try to make one of it.
    __array_ufunc__ = None
    __pandas_priority__ = 10_000

    def __and__(self, other: Q) -> Q:
        return _joined("and", self, other)

    def __or__(self, other: Q) -> Q:
        return _joined("or", self, other)

    __rand__ = __and__
    __ror__ = __or__

    def __invert__(self) -> Q:
        return self.parts[0] if self.connector == "not" else _made("not", (self,))

    def __bool__(self) -> bool:
        message = f"{shown(self)} has no truth of its own."
        raise QueryError(message, hint="Join filters by & | ~ with each in parentheses, not by and, or, not.")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Q) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __repr__(self) -> str:
        if self.connector == "term":
            value = written(self.value)
            return f"Q({self.name}={value})" if _is_keyword(self.name) else f"Q(**{{{self.name!r}: {value}}})"
        if self.connector == "not":
            return f"~{_grouped(self.parts[0])}"
        if not self.parts:
            return "Q()" if self.connector == "and" else "~Q()"
        sign = " & " if self.connector == "and" else " | "
        return sign.join(_grouped(part) for part in self.parts)

    def __str__(self) -> str:
        from sessionframes.query.text import write

        return write(self)

    def __reduce__(self) -> tuple[Any, ...]:
        if self.connector == "term":
            return (_term, (self.name, self.value))
        return (_made, (self.connector, self.parts))

    def __setattr__(self, name: str, value: object) -> None:
        message = "a Q does not change."
        raise AttributeError(message)

    def __delattr__(self, name: str) -> None:
        message = "a Q does not change."
        raise AttributeError(message)

    def _set(self, connector: Connector, parts: tuple[Q, ...], name: str = "", value: Any = None) -> None:
        depth = 1 + max((part.depth for part in parts), default=0)
        if depth > _DEEPEST:
            message = f"a filter is nested more than {_DEEPEST} deep."
            raise QueryError(message, hint="Say it in fewer steps.")
        object.__setattr__(self, "depth", depth)
        for slot, content in zip(
            ("connector", "parts", "name", "value"), (connector, parts, name, value), strict=True
        ):
            object.__setattr__(self, slot, content)

    def _identity(self) -> tuple[Any, ...]:
        return (self.connector, self.name, identity(self.value), self.parts)


def _term(name: str, value: Any) -> Q:
    return Q(**{name: value})


def _made(connector: Connector, parts: tuple[Q, ...]) -> Q:
    made = Q.__new__(Q)
    made._set(connector, parts)  # noqa: SLF001  a constructor beside the class
    return made


def _joined(connector: Connector, left: Q, right: object) -> Q:
    if not isinstance(right, Q):
        message = f"a filter is joined to {shown(right)}, of type {type(right).__name__}."
        hint = "Join it to a Q; text becomes one by Q.parse, and a mask is for a frame that is there already."
        raise QueryError(message, hint=hint)
    # The filter of no terms holds always, so with "and" it says nothing: its parts are none.
    parts = _parts(connector, left) + _parts(connector, right)
    return parts[0] if len(parts) == 1 else _made(connector, parts)


def _parts(connector: Connector, q: Q) -> tuple[Q, ...]:
    return q.parts if q.connector == connector else (q,)


def _grouped(q: Q) -> str:
    several = q.connector in ("and", "or") and len(q.parts) > 1
    return f"({q!r})" if several else repr(q)


def _is_keyword(name: str) -> bool:
    # Python would make another name of some letters beyond ASCII.
    plain = name.isascii() and name.isidentifier()
    return plain and not keyword.iskeyword(name) and name != "__debug__"
