"""How a list is cut: by its keys, which do not move, and long lists of ids into what a request holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import UUID

from sessionframes.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sessionframes.transports.rest_request import Params

__all__ = ["LONGEST_LINE", "Slice", "check_line", "id_parts", "ids_in", "query_of", "slices_of"]

#: What gunicorn takes for a request line, in bytes; Apache takes twice that.
LONGEST_LINE = 4094
#: Of ids in one request: they leave a quarter of the line to the other conditions.
_LONGEST_IDS = 2_900
#: What may stand in a query as it is: what separates and brackets, because each costs three bytes otherwise.
_SAFE = "!$'()*,/:;@[]~"
_SPACE = 1 << 128
#: A condition that asks for a list of ids.
_ID_LIST = re.compile(r"(\w+)__in,\[([^\]]*)\]")
#: So many standard deviations above the mean few slices of random keys are; these are cut again.
_SPREAD = 3.0
#: So many times the mean gap between keys is rarely behind the last of those that are anywhere.
_GAP = 4


@dataclass(frozen=True)
class Slice:
    """The keys from one on, up to another: a part of all UUIDs, as numbers.

    Parameters
    ----------
    start, end : int
        The first of it, and the first behind it.
    """

    start: int = 0
    end: int = _SPACE

    def terms(self, path: str) -> tuple[str, ...]:
        """Return the conditions by which ``django=`` keeps to it.

        Parameters
        ----------
        path : str
            Of the key.
        """
        above = (f"{path}__gte,{UUID(int=self.start)}",) if self.start else ()
        below = (f"{path}__lt,{UUID(int=self.end)}",) if self.end < _SPACE else ()
        return above + below

    def holds(self, key: str) -> bool:
        """Tell whether a key is in it; a :exc:`ValueError` if that is no UUID."""
        return self.start <= UUID(key).int < self.end

    def cut(self, number: int) -> list[Slice]:
        """Return it in that many equal parts, or as many as there are keys."""
        width = self.end - self.start
        number = min(number, width)
        return self._at(self.start + width * place // number for place in range(1, number))

    def cut_among(self, keys: Iterable[str], number: int) -> list[Slice]:
        """Return it in parts that hold the same number of some keys in it each.

        Parameters
        ----------
        keys : iterable of str
            Some of those that there are: the others lie as these do, evenly or not.
        number : int
            How many parts; fewer where there are not so many keys.
        """
        known = sorted({UUID(key).int for key in keys})
        number = min(number, len(known))
        return self._at(known[len(known) * place // number] for place in range(1, number))

    def cut_behind(self, keys: Iterable[str], number: int) -> list[Slice] | None:
        """Return what reaches up to the last of some keys, and what is behind that in equal parts.

        None where these keys reach about as far as it does, as they do unless they are the first of all.

        Parameters
        ----------
        keys : iterable of str
            Some of those that there are: the others may all lie behind these.
        number : int
            How many parts there are to be behind them.
        """
        known = {UUID(key).int for key in keys}
        behind = max(known) + 1
        if (self.end - behind) * len(known) <= _GAP * (self.end - self.start):
            return None
        return [Slice(self.start, behind), *Slice(behind, self.end).cut(number)]

    def _at(self, edges: Iterable[int]) -> list[Slice]:
        return [Slice(one, other) for one, other in pairwise([self.start, *edges, self.end])]


def slices_of(count: int, most: int) -> list[Slice]:
    """Return all keys in equal slices, of which hardly one holds more rows than a page.

    Parameters
    ----------
    count : int
        How many rows there are.
    most : int
        How many fit on a page.

    Examples
    --------
    >>> len(slices_of(60_000, 1000))
    67
    """
    return Slice().cut(-(-count // max(1, int(most - _SPREAD * most**0.5))))


def id_parts(path: str, ids: Iterable[str], longest: int = _LONGEST_IDS) -> tuple[tuple[str, ...], ...]:
    """Return conditions that together ask for any number of ids, each short enough for one request.

    Parameters
    ----------
    path : str
        Of the field, such as ``"id"`` or ``"session__id"``.
    ids : iterable of str
        UUIDs; what comes twice is asked for once. What is no UUID is nobody's id and is left out.
    longest : int
        How many bytes of a request line they may take.
    """
    known = dict.fromkeys(one.hex for one in map(_uuid, ids) if one is not None)
    # An id takes its digits, two quotes and a comma; the path and the brackets come once.
    size = max(1, (longest - len(path) - 8) // 35)
    some = list(known)
    cuts = (some[start : start + size] for start in range(0, len(some), size))
    # A list of one is taken for a list too. Digits alone are safe in quotes.
    return tuple((f"{path}__in,[{','.join(map(repr, cut))}]",) for cut in cuts)


def ids_in(parts: Sequence[Sequence[str]]) -> tuple[str, set[UUID]] | None:
    """Return which field is asked for which ids, by parts that ask for nothing else; None for all others.

    Parameters
    ----------
    parts : sequence of sequence of str
        Conditions, as of :func:`id_parts`.
    """
    found = [_ID_LIST.fullmatch(part[0]) if len(part) == 1 else None for part in parts]
    lists = [match for match in found if match is not None]
    paths = {match[1] for match in lists}
    if len(lists) < len(parts) or len(paths) != 1:
        return None
    ids = (_uuid(digits.strip(" '\"")) for match in lists for digits in match[2].split(","))
    known = set(ids)
    return None if None in known else (paths.pop(), {one for one in known if one is not None})


def query_of(params: Params) -> str:
    """Return the query of a URL, encoded no further than it must be."""
    return "&".join(f"{quote(name, safe=_SAFE)}={quote(value, safe=_SAFE)}" for name, value in params)


def check_line(path: str, query: str, shown: Sequence[str]) -> str:
    """Return the path with its query.

    Raises
    ------
    QueryError
        It is longer than servers take.
    """
    target = f"{path}?{query}" if query else path
    if len(target) + len("GET / HTTP/1.1\r\n") > LONGEST_LINE:
        message = f"the conditions on {path} take {len(target):,} characters, too many for one request"
        hint = f"Ask for less at a time. They begin with {', '.join(shown)[:200]}."
        raise QueryError(f"{message}.", source="alyx", hint=hint)
    return target


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
