"""What clients believe of BrainSTEM's paging: nobody has proved any of it, so the demo can do them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sessionframes.demo.brainstem.refusals import detail

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Sizes:
    """How many records a page has if nobody asks, and at most."""

    usual: int = 20
    largest: int = 100


@dataclass(frozen=True)
class Cut:
    """One page of a list.

    Attributes
    ----------
    start, stop : int
        Which records it has.
    before, after : dict
        What the envelope has before and after the records.
    """

    start: int
    stop: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]


class Paging(Protocol):
    """One belief: how a page is asked for, and what is told beside it."""

    def cut(self, asked: Mapping[str, str], total: int, url: str, sizes: Sizes) -> Cut:
        """Return the page that is asked for.

        Parameters
        ----------
        asked : mapping of str to str
            The query; of a repeated key the last value.
        total : int
            Number of records of the whole list.
        url : str
            The address as it was asked for.
        sizes : Sizes
            Of pages.

        Raises
        ------
        Refusal
            There is no such page.
        """


@dataclass(frozen=True)
class Numbered:
    """Pages have numbers and ``meta`` tells the total, as in dynamic-rest; an offset is ignored.

    Attributes
    ----------
    size_key : str
        The parameter for the size of a page; one setting of dynamic-rest renames it.
    """

    size_key: str = "per_page"

    def cut(self, asked: Mapping[str, str], total: int, url: str, sizes: Sizes) -> Cut:
        """Return the page that is asked for, see :class:`Paging`."""
        del url
        size = _size(asked.get(self.size_key), sizes)
        pages = max(-(-total // size), 1)
        number = _whole(pages if asked.get("page") == "last" else asked.get("page", 1))
        if number is None or not 1 <= number <= pages:
            raise detail(404, "Invalid page.")
        meta: dict[str, Any] = {"page": number, "per_page": size}
        if asked.get("exclude_count", "").lower() in ("", "0", "false"):
            meta |= {"total_results": total, "total_pages": pages}
        else:
            meta["more_pages"] = number < pages
        return Cut((number - 1) * size, min(number * size, total), {}, {"meta": meta})


@dataclass(frozen=True)
class Offset:
    """Pages begin anywhere, and a top-level ``count`` tells the total; ``page`` is ignored.

    Attributes
    ----------
    linked : bool
        Whether ``next`` and ``previous`` are told too, before the records.
    """

    linked: bool = False

    def cut(self, asked: Mapping[str, str], total: int, url: str, sizes: Sizes) -> Cut:
        """Return the page that is asked for, see :class:`Paging`."""
        size = _size(asked.get("limit"), sizes)
        start = max(_whole(asked.get("offset")) or 0, 0)
        stop = min(start + size, total)
        if not self.linked:
            return Cut(start, stop, {}, {"count": total})
        links = {
            "next": _moved(url, size, start + size) if start + size < total else None,
            "previous": _moved(url, size, max(start - size, 0)) if start > 0 else None,
        }
        return Cut(start, stop, {"count": total, **links}, {})


#: By name: the beliefs of dynamic-rest, of it with one setting changed, and of the two clients.
PAGINGS: dict[str, Paging] = {
    "dynamic-rest": Numbered(),
    "dynamic-rest-limit": Numbered("limit"),
    "limit-offset": Offset(),
    "next": Offset(linked=True),
}


def _size(text: str | None, sizes: Sizes) -> int:
    size = _whole(text)
    return min(size, sizes.largest) if size is not None and size > 0 else sizes.usual


def _whole(text: Any) -> int | None:
    try:
        return int(text)
    except (TypeError, ValueError):
        return None


def _moved(url: str, limit: int, offset: int) -> str:
    parts = urlsplit(url)
    kept = [
        pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in ("limit", "offset")
    ]
    query = urlencode([*kept, ("limit", limit), ("offset", offset)])
    return urlunsplit(parts._replace(query=query))
