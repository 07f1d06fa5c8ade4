"""What to say to who asks a source for what it does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionframes.config import nearest
from sessionframes.errors import TableNotProvidedError
from sessionframes.query.shown import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sessionframes.source import Source


def not_provided(
    source: Source, what: str, name: object, known: Iterable[str], who_has: Callable[[str], list[str]]
) -> TableNotProvidedError:
    """Return the error for a table, or a kind of file, that a source does not have.

    Parameters
    ----------
    source : Source
        Who was asked.
    what : str
        What was asked for: "table", "kind of file".
    name : object
        Which.
    known : iterable of str
        Those that there are.
    who_has : callable
        From a name to the sources that have a table or a kind of file of that name.
    """
    message = f"this source has no {what} {shown(name)}."
    return TableNotProvidedError(message, source=source.name, hint=_way(source, name, known, who_has))


def _way(source: Source, name: object, known: Iterable[str], who_has: Callable[[str], list[str]]) -> str:
    if not isinstance(name, str):
        return f"Say the name first, one of: {', '.join(known)}."
    if name in source.reasons:
        return source.reasons[name]
    if name in source.files:
        return f"It is a kind of file: say download({name!r}, ...)."
    if name in source.reads:
        return f"It is a table: say get({name!r}, ...)."
    others = who_has(name)
    return f"Ask {' or '.join(others)}." if others else nearest(name, known)
