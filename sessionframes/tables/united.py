"""The core tables as a union of several sources has them: every id is text."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sessionframes.tables.base import Table


@cache
def united_form(core: type[Table]) -> type[Table]:
    """Return a core table whose ids, those of all sources, are text.

    Parameters
    ----------
    core : type of Table
        One of :func:`sessionframes.tables.core_tables`.
    """
    kept = {"__module__": core.__module__, "__doc__": core.__doc__}
    make: Any = type(core)
    form: type[Table] = make(core.__name__, (core,), kept, ids="str")
    return form
