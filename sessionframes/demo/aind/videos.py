"""What was made of the videos of a few sessions: derived data that no spike sorter made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sessionframes.demo.aind.recordings import OPEN, made_id, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sessionframes.demo.aind.recordings import Recording

_EVERY, _FROM = 5, 1


@dataclass(frozen=True)
class Video:
    """Poses of a face.

    Attributes
    ----------
    name : str
        Of the record and of the asset.
    asset_id, docdb_id : str
        In Code Ocean, and of the record.
    made_at : datetime
        When.
    """

    name: str
    asset_id: str
    docdb_id: str
    made_at: datetime

    @property
    def location(self) -> str:
        """The URL of its folder."""
        return f"s3://{OPEN}/{self.name}"


def videos(one: Recording) -> Iterator[Video]:
    """Yield what was made of the videos of a session."""
    if one.at % _EVERY == _FROM and one.started is not None:
        made_at = one.started + timedelta(days=8)
        name = f"{one.session_id}_dlc_face_{stamp(made_at)}"
        yield Video(name, made_id("asset", name), made_id("record", name), made_at)
