"""A list that comes page by page: every record once, or a reason why it cannot be relied on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionframes.errors import SourceResponseError

if TYPE_CHECKING:
    from sessionframes.transports.rest_request import Page

__all__ = ["DriftError", "Listing", "ShapeError", "UnsteadyError"]


class DriftError(Exception):
    """The pages do not fit together; never seen outside the transport.

    Rows that were added or removed between two pages are enough, and then it helps to read the list again.
    """


class ShapeError(SourceResponseError):
    """An answer is not a list as we know it."""


class UnsteadyError(SourceResponseError):
    """The pages of a list do not fit together, however often it is read."""


class Listing:
    """The pages of one list, in order, checked as they come.

    What cannot be seen from here: a total that is too small and ends with a page; and, while the list is
    read, a row that is removed before the place where one reads and another that is added behind it (without
    a total, the removed one is enough). So a source lists in the order of something that does not change,
    where it can.

    Parameters
    ----------
    key : str, optional
        The name under which each record has what no other has.
    """

    def __init__(self, key: str | None) -> None:
        self.pages: list[Page] = []
        #: How many records have come.
        self.received = 0
        #: How many there are in all, by the server's word.
        self.total: int | None = None
        self._key = key
        self._seen: set[object] = set()

    def add(self, page: Page) -> None:
        """Take the next page.

        Raises
        ------
        DriftError
            It does not follow the others.
        SourceResponseError
            A record has no key.
        """
        number = len(self.pages) + 1
        if page.total is not None:
            if self.total not in (None, page.total):
                message = f"{self.total} records were promised at first, {page.total} on page {number}"
                raise DriftError(message)
            self.total = page.total
        if page.records and self.pages and page.records == self.pages[-1].records:
            message = f"page {number} is page {number - 1} again"
            raise DriftError(message)
        self._check_keys(page, number)
        self.pages.append(page)
        self.received += len(page.records)
        if self.total is not None and self.received > self.total:
            message = f"{self.total} records were promised, and {self.received} have come"
            raise DriftError(message)

    def _check_keys(self, page: Page, number: int) -> None:
        if self._key is None:
            return
        keys = [record.get(self._key) for record in page.records]
        strange = [key for key in keys if not isinstance(key, str | int)]
        if strange:
            message = f"a record on page {number} has {strange[0]!r} for its {self._key!r}."
            raise SourceResponseError(message)
        new = set(keys)
        if len(new) < len(keys) or not self._seen.isdisjoint(new):
            twice = next(key for place, key in enumerate(keys) if key in self._seen or key in keys[:place])
            message = f"{self._key} {twice!r} comes twice, again on page {number}"
            raise DriftError(message)
        self._seen |= new

    def is_over(self) -> bool:
        """Tell whether there is no page to ask for.

        The server's word counts: that there is no more, that all it promised is there, or a page without
        records. A page that is shorter than others is no sign of the end.
        """
        last = self.pages[-1]
        if not last.records:
            return True
        if last.more:
            return False
        return last.more is False if self.total is None else self.received >= self.total

    def end(self) -> None:
        """Take it that there is no such page as the next one.

        Raises
        ------
        DriftError
            The server has said that there is.
        """
        if self.pages[-1].more or self.total is not None:
            message = f"page {len(self.pages) + 1} is not there, and {self._promise()}"
            raise DriftError(message)

    def check(self) -> None:
        """Check, after the last page, that all is there.

        Raises
        ------
        DriftError
            The server promised more.
        """
        if self.pages[-1].more or self.total not in (None, self.received):
            message = f"{self.received} records have come in {len(self.pages)} pages, and {self._promise()}"
            raise DriftError(message)

    def _promise(self) -> str:
        return "more were promised" if self.total is None else f"{self.total} were promised"
