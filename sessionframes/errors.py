"""The errors of sessionframes: one tree, so that one ``except`` can catch them all.

::

    SessionFramesError
    ├── ConfigError                  an option is missing, unknown or malformed
    ├── QueryError (ValueError)      the question is wrong; nothing was sent
    ├── SourceError
    │   ├── UnknownSourceError       no source, config entry or snapshot of that name
    │   ├── TableNotProvidedError    this source has no such table or file; says who has
    │   ├── AuthenticationError      refused: wrong credentials, or not allowed
    │   ├── SourceUnavailableError   not reached, gone half-way, or too slow; may be tried again
    │   └── SourceResponseError      it answered, but not as it should have
    ├── FrameValidationError         rows that break what the table promises
    ├── JoinError                    frames that do not fit together
    ├── ExportError                  a Parquet export that could not be written or read
    └── DownloadError                a file that did not arrive whole

Each says which source, table and column, what was found, what was expected, and what to do next.
All of them survive pickling, because joblib and Dask send them between processes.
No message carries a secret: whoever raises passes addresses through :func:`sessionframes.config.mask`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "AuthenticationError",
    "ConfigError",
    "DownloadError",
    "ExportError",
    "FrameValidationError",
    "JoinError",
    "QueryError",
    "SessionFramesError",
    "SourceError",
    "SourceResponseError",
    "SourceUnavailableError",
    "TableNotProvidedError",
    "UnknownSourceError",
]


class SessionFramesError(Exception):
    """Whatever sessionframes raises on purpose.

    Parameters
    ----------
    message : str
        What was found and what was expected, in one or two sentences.
    source, table, column : str, optional
        Where it happened. They open the message and stay readable as attributes.
    hint : str, optional
        What to do next. It closes the message.
    """

    def __init__(
        self,
        message: str,
        *,
        source: str | None = None,
        table: str | None = None,
        column: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.table = table
        self.column = column
        self.hint = hint

    def __str__(self) -> str:
        where = ".".join(part for part in (self.source, self.table, self.column) if part)
        text = f"{where}: {self.message}" if where else self.message
        return f"{text} {self.hint}" if self.hint else text

    def __reduce__(self) -> tuple[Any, ...]:
        # The default recipe calls the class with ``args`` alone and would lose the keyword-only parts.
        return (_rebuild, (type(self), self.args, self.__dict__))


def _rebuild(
    kind: type[SessionFramesError], args: tuple[Any, ...], state: dict[str, Any]
) -> SessionFramesError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class ConfigError(SessionFramesError):
    """An option is missing, unknown or malformed."""


class QueryError(SessionFramesError, ValueError):
    """The question itself is wrong; nothing was sent to the source."""


class SourceError(SessionFramesError):
    """Something between us and a source of data."""


class UnknownSourceError(SourceError):
    """No source, entry of the config file, or snapshot goes by that name."""


class TableNotProvidedError(SourceError):
    """The source has no such table or file."""


class AuthenticationError(SourceError):
    """The source refused: wrong credentials, or credentials without the right to this."""


class SourceUnavailableError(SourceError):
    """The source could not be reached, went away half-way, or took too long."""


class SourceResponseError(SourceError):
    """The source answered, but not with what we rely on."""


class FrameValidationError(SessionFramesError):
    """Rows that break what their table promises.

    Attributes
    ----------
    failures : pandas.DataFrame
        One row per fault: ``column``, ``check``, ``key`` (of the row, as text) and ``value`` (as text).
    """

    def __init__(self, message: str, *, failures: pd.DataFrame, **where: str | None) -> None:
        super().__init__(message, **where)
        self.failures = failures


class JoinError(SessionFramesError):
    """Frames that do not fit together."""


class ExportError(SessionFramesError):
    """A Parquet export that could not be written, resumed or read."""


class DownloadError(SessionFramesError):
    """A file that did not arrive whole; nothing was left under its final name."""
