"""Whether keys are unique across chunks, in a few bytes a row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sessionframes.errors import ExportError


class UniqueKeys:
    """Remembers the keys of a table as they pass, text as 64-bit hashes.

    Parameters
    ----------
    table : str
        For the message.
    """

    def __init__(self, table: str) -> None:
        self._table = table
        self._seen = np.empty(0, dtype=np.int64)

    def add(self, keys: pd.Index[Any]) -> None:
        """Remember the keys of one more chunk, which are unique among themselves.

        Raises
        ------
        sessionframes.errors.ExportError
            One of them was there before.
        """
        numbers = _numbers(keys)
        place = np.searchsorted(self._seen, numbers)
        again = np.append(self._seen, 0)[place] == numbers
        again &= place < len(self._seen)
        if again.any():
            shown = ", ".join(str(key) for key in keys[again][:3])
            message = f"{again.sum()} keys came twice: {shown}."
            raise ExportError(
                message,
                table=self._table,
                hint="The source changed meanwhile; export again with overwrite=True.",
            )
        # Two runs that are in order are merged, which stays cheap however many chunks there are.
        self._seen = np.sort(np.concatenate([self._seen, np.sort(numbers)]), kind="stable")


def _numbers(keys: pd.Index[Any]) -> np.ndarray[Any, np.dtype[np.int64]]:
    if keys.dtype == np.int64:
        return keys.to_numpy()
    hashes: np.ndarray[Any, np.dtype[np.int64]] = pd.util.hash_array(keys.to_numpy()).view(np.int64)
    return hashes
