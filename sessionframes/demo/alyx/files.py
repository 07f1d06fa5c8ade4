"""The files of the demo's Alyx, which another server has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionframes.demo.alyx.datasets import made_datasets
from sessionframes.demo.alyx.example_files import example_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessionframes.demo.world import World


def make_files(world: World, *, examples: bool = False) -> Mapping[str, bytes]:
    """Return the files that a server of data has, by their paths there.

    Parameters
    ----------
    world : World
        What they tell of.
    examples : bool
        Whether to add those of the examples, see :func:`~sessionframes.demo.alyx.records.make_records`.
    """
    files = dict(made_datasets(world).files)
    return {**files, **example_files()} if examples else files
