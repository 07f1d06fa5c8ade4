"""NWB files in HDF5: the columns of a table, and few bytes of others."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from sessionframes.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sessionframes.sources.aind.storage import Storage

__all__ = ["Hdf5File", "RangedFile"]

T = TypeVar("T")

#: A column of a thousand units is an eighth of it; much larger blocks would read the spikes beside it.
_BLOCK = 2**16


class RangedFile(io.RawIOBase):
    """A file of which only those blocks are there that were fetched; a read of others fails, and is noted.

    HDF5 does one thing at a time in all of a process. If it waited for a server meanwhile, all other files
    would wait too, and for ever if the thread that talks to the server had to let go of something of HDF5's.
    So whoever reads tries, fetches what was missing, and tries again.

    Parameters
    ----------
    storage : Storage
        Where it is.
    url : str
        Its address.
    block_size : int
        What is fetched at least, in bytes.
    """

    def __init__(self, storage: Storage, url: str, block_size: int = _BLOCK) -> None:
        super().__init__()
        self._storage = storage
        self._url = url
        self._size = storage.size(url)
        self._block = block_size
        self._blocks: dict[int, bytes] = {}
        self._position = 0
        self._missing: tuple[int, int] | None = None

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that any part of it can be read."""
        return True

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Say where the next read begins; returns that."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = start + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; returns with how many bytes.

        Raises
        ------
        OSError
            Some of them were not fetched.
        """
        view = memoryview(buffer).cast("B")
        end = min(self._position + len(view), self._size)
        if end <= self._position:
            return 0
        first, last = self._position // self._block, (end - 1) // self._block
        missing = [number for number in range(first, last + 1) if number not in self._blocks]
        if missing:
            self._missing = (missing[0], missing[-1])
            message = "not fetched yet"
            raise OSError(message)
        content = b"".join(self._blocks[number] for number in range(first, last + 1))
        start = self._position - first * self._block
        count = end - self._position
        view[:count] = content[start : start + count]
        self._position = end
        return count

    def fetched(self) -> bool:
        """Fetch what the last read missed; returns whether there was anything.

        Raises
        ------
        EOFError
            Less came than there was to come.
        """
        if self._missing is None:
            return False
        first, last = self._missing
        self._missing = None
        start, stop = first * self._block, min((last + 1) * self._block, self._size)
        content = self._storage.part(self._url, start, stop)
        if len(content) != stop - start:
            message = f"{len(content)} bytes came instead of {stop - start}"
            raise EOFError(message)
        for number in range(first, last + 1):
            at = (number - first) * self._block
            self._blocks[number] = content[at : at + self._block]
        return True


class Hdf5File:
    """An NWB file in HDF5, as :class:`~sessionframes.sources.aind.nwb.NwbFile` needs it.

    Parameters
    ----------
    storage : Storage
        Where it is.
    url : str
        Its address.
    """

    def __init__(self, storage: Storage, url: str) -> None:
        try:
            import h5py
        except ImportError as error:
            message = "to read NWB files in HDF5 the package h5py is needed."
            raise ConfigError(message, source="aind", hint="pip install 'sessionframes[aind]'") from error
        self._h5py = h5py
        self._raw = RangedFile(storage, url)
        self._file = self._guarded(lambda: h5py.File(self._raw, "r"))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        self._raw.close()

    def describe(self, table: str) -> dict[str, Mapping[str, Any]] | None:
        """Return of each array of a table its shape, dtype and attributes; None if there is no such table."""
        return self._guarded(lambda: self._described(table))

    def _described(self, table: str) -> dict[str, Mapping[str, Any]] | None:
        h5py = self._h5py
        group = self._file.get(table)
        if not isinstance(group, h5py.Group):
            return None
        found: dict[str, Mapping[str, Any]] = {"": {"attributes": {}}}
        if "colnames" in group.attrs:
            found[""] = {"attributes": {"colnames": [_text(name) for name in group.attrs["colnames"]]}}
        # The headers of single arrays are looked at when they are asked for: they lie all over the file.
        for name in group:
            found[name] = _Lazy(self, table, name)
        return found

    def one(self, table: str, name: str) -> dict[str, Any]:
        """Return shape, dtype and attributes of one array of a table."""
        return self._guarded(lambda: self._one(table, name))

    def _one(self, table: str, name: str) -> dict[str, Any]:
        array = self._file[table].get(name)
        if not isinstance(array, self._h5py.Dataset):
            return {"shape": (), "attributes": {}, "plain": False, "enum": None}
        is_pointer = self._h5py.check_ref_dtype(array.dtype) is not None
        kind = array.attrs.get("neurodata_type")
        return {
            "shape": array.shape,
            "attributes": {} if kind is None else {"neurodata_type": _text(kind)},
            "plain": not is_pointer and array.dtype.names is None,
            "enum": self._h5py.check_enum_dtype(array.dtype),
        }

    def read(self, table: str, described: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Return the values of arrays, or, for one that cannot be read, the error that says why.

        Parameters
        ----------
        table : str
            Its path.
        described : mapping
            Some of what :meth:`describe` returned: arrays of one dimension.
        """
        values: dict[str, Any] = {}
        for name, one in described.items():
            try:
                values[name] = self._guarded(partial(self._whole, table, name))
            except (OSError, EOFError, KeyError, RuntimeError) as error:
                values[name] = error
                continue
            if one["enum"] is not None:
                names = {number: label for label, number in one["enum"].items()}
                values[name] = [names.get(number, str(number)) for number in values[name].tolist()]
        return values

    def _whole(self, table: str, name: str) -> Any:
        return self._file[table][name][()]

    def _guarded(self, task: Callable[[], T]) -> T:
        """Return what a task returns, once all is there that it reads."""
        while True:
            error: Exception | None = None
            try:
                result = task()
            except Exception as caught:  # noqa: BLE001  raised again, unless something was only not there yet
                error = caught
            # A part that cannot be read may also look as if there were nothing.
            if self._raw.fetched():
                continue
            if error is not None:
                raise error
            return result


class _Lazy(dict[str, Any]):
    """What is told of an array, looked up with the first question."""

    def __init__(self, file: Hdf5File, table: str, name: str) -> None:
        super().__init__()
        self._of = (file, table, name)

    def __missing__(self, key: str) -> Any:
        file, table, name = self._of
        self.update(file.one(table, name))
        return self[key]


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
