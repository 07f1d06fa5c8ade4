"""The questions that can be put to AIND: each knows what to ask for, and what the pages of its answer are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sessionframes.sources.aind import alignment, nwb, probes, sorting
from sessionframes.sources.aind.groups import AssetsPage, ProbesPage, SessionsPage
from sessionframes.sources.aind.walk import first_requests, known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionframes.sources.aind.pushed import Pushed
    from sessionframes.sources.aind.transport import AindTransport

#: Sessions that are flattened at once.
_OF_A_PAGE = 500
