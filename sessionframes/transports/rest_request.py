"""What can be asked of a REST server: a list or one record, page by page, by many ids at once.

Nothing here touches the network, so that a source can say what it would ask without loading what asks it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

from sessionframes.config import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = [
    "LimitOffset",
    "LimitOrPage",
    "OneRecord",
    "Page",
    "Paging",
    "Params",
    "Record",
    "RestRequest",
    "in_parts",
    "joined",
    "records_in",
    "repeated",
]

Record = dict[str, Any]
"""A JSON object."""
Params = tuple[tuple[str, str], ...]
"""The query of a URL, names and values as they are before encoding; a name may come more than once."""

#: What an envelope holds beside records.
_BOOKKEEPING = frozenset({"count", "meta", "next", "previous"})


@dataclass(frozen=True)
class Page:
    """What one answer holds.

    Parameters
    ----------
    records : list of dict
        In the server's order.
    total : int, optional
        How many there are on all pages, if the server says.
    more : bool, optional
        Whether there is another page, if the server says.
    next : str, optional
        Where that is, if it is to be followed rather than asked for by number.
    beside : mapping
        Records of other kinds that came along, by the key they came under.
    """

    records: list[Record]
    total: int | None = None
    more: bool | None = None
    next: str | None = None
    beside: Mapping[str, list[Record]] = field(default_factory=dict)


class Paging(Protocol):
    """How a server cuts a list into pages."""

    def params(self, number: int, offset: int, size: int | None) -> Params:
        """Return what asks for one page.

        Parameters
        ----------
        number : int
            Of the page, from 0.
        offset : int
            How many records are before it.
        size : int or None
            How many a page holds, by what the first one held; None for the first.
        """

    def read(self, body: Any) -> Page:
        """Return what an answer holds; a :exc:`ValueError` if it is not as it should be."""


@dataclass(frozen=True)
class LimitOffset:
    """Pages by ``limit`` and ``offset``, as Django REST framework has them, and with other names others too.

    Parameters
    ----------
    size : int
        How many records to ask for at a time; the server may give fewer.
    limit, offset : str
        The names of the two parameters.
    records : str or None
        The key of the list; None where the body is the list.
    total, next : str or None
        The keys of the number of all records, and of the address of the next page: that there is one counts,
        where it leads does not. None where the server has no such key.
    """

    size: int
    limit: str = "limit"
    offset: str = "offset"
    records: str | None = "results"
    total: str | None = "count"
    next: str | None = "next"

    def params(self, number: int, offset: int, size: int | None) -> Params:  # noqa: ARG002  see Paging
        """Return what asks for one page; see :meth:`Paging.params`."""
        return ((self.limit, str(size or self.size)), (self.offset, str(offset)))

    def read(self, body: Any) -> Page:
        """Return what an answer holds; see :meth:`Paging.read`."""
        if self.records is None:
            return Page(records_in(body, "the answer"))
        envelope = _envelope(body)
        if self.records not in envelope:
            raise ValueError(_no_key(envelope, (self.records,)))
        found = records_in(envelope[self.records], repr(self.records))
        more = bool(envelope[self.next]) if self.next in envelope else None
        return Page(found, _count(envelope.get(self.total or "")), more)


@dataclass(frozen=True)
class LimitOrPage:
    """Pages of a server of which it is not known how it counts them: asked for in both ways at once.

    By ``limit`` and ``offset`` and, with the same meaning, by ``per_page`` and ``page``, of which the server
    ignores one pair. It may say the total (``meta.total_results``, else ``count``), whether there is more
    (``meta.more_pages``), or where (``next``), or nothing. The list has a key of its own; what is under other
    keys came along.

    Parameters
    ----------
    names : sequence of str
        What the list's key may be, likeliest first. Where there is none of these, one that differs in case,
        blanks and underscores only will do, or the only one there is.
    size : int
        How many records to ask for at a time; the server may give fewer.
    """

    names: Sequence[str]
    size: int = 100

    def params(self, number: int, offset: int, size: int | None) -> Params:
        """Return what asks for one page; see :meth:`Paging.params`."""
        many = str(size or self.size)
        return (("limit", many), ("offset", str(offset)), ("per_page", many), ("page", str(number + 1)))

    def read(self, body: Any) -> Page:
        """Return what an answer holds; see :meth:`Paging.read`."""
        if isinstance(body, list):
            return Page(records_in(body, "the answer"))
        envelope = _envelope(body)
        key = _key_of(envelope, self.names)
        meta = envelope.get("meta")
        meta = meta if isinstance(meta, dict) else {}
        total = _count(meta.get("total_results"))
        following = envelope.get("next")
        return Page(
            records_in(envelope[key], repr(key)),
            _count(envelope.get("count")) if total is None else total,
            bool(following) if "next" in envelope else _flag(meta.get("more_pages")),
            following if isinstance(following, str) and following else None,
            _beside(envelope, key),
        )


@dataclass(frozen=True)
class OneRecord:
    """One record by its own address: no pages.

    Parameters
    ----------
    names : sequence of str
        What its key in the envelope may be, likeliest first; empty where the body is the record.
    """

    names: Sequence[str] = ()

    def params(self, number: int, offset: int, size: int | None) -> Params:  # noqa: ARG002  see Paging
        """Return nothing."""
        return ()

    def read(self, body: Any) -> Page:
        """Return what an answer holds; see :meth:`Paging.read`."""
        envelope = _envelope(body)
        key = _key_of(envelope, self.names) if self.names else None
        record = envelope if key is None else envelope[key]
        if not isinstance(record, dict):
            message = f"{key!r} holds {_shape(record)}, not a record"
            raise ValueError(message)
        return Page([record], 1, more=False, beside={} if key is None else _beside(envelope, key))


@dataclass(frozen=True)
class RestRequest:
    """A question to a REST server; its answer is a list of records, over as many pages as it takes.

    Parameters
    ----------
    path : str
        Of the list, relative to the server's base URL.
    paging : Paging
        How its pages are asked for and read.
    params : tuple of tuple of str
        The query of the URL, without what asks for a page.
    key : str, optional
        The name under which each record has what no other has. It tells pages that overlap from whole ones;
        None leaves only the count to go by.
    parts : tuple of tuple
        The question is asked once with each of these added to `params`, and a record that several of them
        find, by its `key`, is an answer once. None at all are no question: nothing is sent.
    """

    path: str
    paging: Paging
    params: Params = ()
    key: str | None = "id"
    parts: tuple[Params, ...] = ((),)


def repeated(name: str) -> Callable[[Sequence[str]], Params]:
    """Return what asks for several values by the same name again and again: ``name=a&name=b``."""
    return lambda values: tuple((name, value) for value in values)


def joined(name: str, by: str = ",") -> Callable[[Sequence[str]], Params]:
    """Return what asks for several values by one name: ``name=a,b``; none may contain the separator."""
    return lambda values: ((name, by.join(values)),)


def in_parts(
    values: Sequence[str],
    encode: Callable[[Sequence[str]], Params],
    *,
    most: int = 100,
    longest: int = 3500,
) -> tuple[Params, ...]:
    """Return what asks for many values, over as many requests as it takes: the ``parts`` of a request.

    Parameters
    ----------
    values : sequence of str
        All of them; what comes twice is asked for once.
    encode : callable
        From some values to what asks for them: :func:`repeated`, :func:`joined`, or a source's own.
    most : int
        How many in one request; no more than fit on a page spares asking for a second.
    longest : int
        How many characters they may take in one URL. Servers refuse a request line above 4 to 8 kB.

    Examples
    --------
    >>> in_parts(["a", "b", "c"], joined("id__in"), most=2)
    ((('id__in', 'a,b'),), (('id__in', 'c'),))
    """
    left = list(dict.fromkeys(values))
    parts = []
    while left:
        size = min(most, len(left))
        while size > 1 and (length := len(urlencode(encode(left[:size])))) > longest:
            size = max(1, min(size - 1, size * longest // length))
        parts.append(encode(left[:size]))
        left = left[size:]
    return tuple(parts)


def records_in(value: Any, where: str) -> list[Record]:
    """Return what should be a list of records.

    Raises
    ------
    ValueError
        It is none; says of `where` what it is instead.
    """
    if not isinstance(value, list):
        message = f"{where} is {_shape(value)}, not a list of records"
        raise ValueError(message)
    strange = [item for item in value if not isinstance(item, dict)]
    if strange:
        message = f"{where} is a list with {_shape(strange[0])} in it, not of records"
        raise ValueError(message)
    return value


def _envelope(body: Any) -> Record:
    if not isinstance(body, dict):
        message = f"it is {_shape(body)}, not an object"
        raise ValueError(message)
    return body


def _key_of(envelope: Record, names: Sequence[str]) -> str:
    for name in names:
        if name in envelope:
            return name
    others = [key for key in envelope if key not in _BOOKKEEPING]
    like = {_folded(name) for name in names}
    alike = [key for key in others if _folded(key) in like]
    if len(alike) == 1 or len(others) == 1:
        return (alike or others)[0]
    raise ValueError(_no_key(envelope, names))


def _folded(name: str) -> str:
    return name.casefold().replace(" ", "").replace("_", "")


def _no_key(envelope: Record, names: Sequence[str]) -> str:
    there = without_secrets(", ".join(map(repr, envelope))) or "nothing"
    return f"it holds {there}, but not {' or '.join(map(repr, dict.fromkeys(names)))}"


def _beside(envelope: Record, key: str) -> dict[str, list[Record]]:
    others = {name: value for name, value in envelope.items() if name not in {key, *_BOOKKEEPING}}
    return {name: records_in(value, repr(name)) for name, value in others.items() if isinstance(value, list)}


def _shape(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = without_secrets(repr(value))
    return text if len(text) <= 80 else f"{text[:80]}..."


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None
