"""The demo world as data assets of Code Ocean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionframes.demo.aind.examples import example_assets
from sessionframes.demo.aind.recordings import (
    INTERNAL,
    ONLY_DOCDB,
    OPEN,
    Recording,
    Sorting,
    copies,
    made_id,
    recordings,
)
from sessionframes.demo.aind.videos import videos

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sessionframes.demo.aind.videos import Video
    from sessionframes.demo.world import World

    Asset = dict[str, Any]

_PIPELINE = "1f8f159a-7670-47a9-baf1-078905fc9c2e"
_WITHOUT_METADATA = 3


def make_assets(world: World, sessions: int | None = None, *, examples: bool = True) -> list[Asset]:
    """Return all data assets; see :func:`sessionframes.demo.aind.records.make_records`.

    Parameters
    ----------
    world : World
        Whose sessions they are of.
    sessions : int, optional
        At least so many sessions.
    examples : bool
        Whether to add those of the examples.
    """
    everything = [*recordings(world), *copies(world, sessions)]
    made = [asset for one in everything if one.at != ONLY_DOCDB for asset in _of_session(one)]
    return [*made, *example_assets()] if examples else made


def asset(
    asset_id: str,
    name: str,
    created: datetime,
    kind: str,
    bucket: str | None = None,
    folder: str = "",
    **more: Any,
) -> Asset:
    """Return a data asset.

    Parameters
    ----------
    asset_id, name : str
        Of it.
    created : datetime
        When it was made.
    kind : str
        "dataset", "result" or "combined".
    bucket, folder : str
        Where its files are, if not in a folder of Code Ocean's own.
    **more : object
        Other fields.
    """
    second = round(created.timestamp())
    made: Asset = {
        "id": asset_id,
        "created": second,
        "name": name,
        "mount": name,
        "state": "ready",
        "type": kind,
        "last_used": 0 if kind == "result" else second + 86_400,
        "files": 12,
        "size": 123_456_789,
        "description": "",
        "tags": [],
    }
    if bucket is not None:
        made["source_bucket"] = {"origin": "aws", "bucket": bucket, "prefix": folder, "external": True}
    return {**made, **more}


def _of_session(one: Recording) -> Iterator[Asset]:
    more: Asset = {"tags": ["ecephys", "raw", one.subject_id], "size": 301_234_567_890 + one.number}
    if one.at % 4 != _WITHOUT_METADATA:
        # Some are found by their text alone.
        more["custom_metadata"] = {
            "data level": "raw data",
            "experiment type": "ecephys",
            "modality": "Extracellular electrophysiology",
            "subject id": one.subject_id,
        }
    yield asset(one.raw_id, one.session_id, one.created, "dataset", one.raw_bucket, one.session_id, **more)
    for sorting in one.sortings:
        yield _sorted(one, sorting)
    for video in videos(one):
        yield _of_video(one, video)


def _sorted(one: Recording, sorting: Sorting) -> Asset:
    bucket = None if sorting.bucket == INTERNAL else sorting.bucket
    more: Asset = {
        "state": "failed" if sorting.failure == "state" else "ready",
        "tags": ["derived", "ecephys", one.subject_id],
        "size": 9_876_543_210 + one.number,
        "provenance": {
            "commit": "a1b2c3d",
            "run_script": "code/run",
            "capsule": _PIPELINE,
            "data_assets": [one.raw_id],
            "computation": made_id("computation", sorting.name),
        },
        "custom_metadata": {"data level": "derived data", "subject id": one.subject_id},
    }
    if sorting.failure == "state":
        more["failure_reason"] = "the pipeline was stopped"
    return asset(sorting.asset_id, sorting.name, sorting.made_at, "result", bucket, sorting.folder, **more)


def _of_video(one: Recording, video: Video) -> Asset:
    more: Asset = {
        "tags": ["derived", "behavior-videos", one.subject_id],
        "custom_metadata": {"data level": "derived data", "subject id": one.subject_id},
    }
    return asset(video.asset_id, video.name, video.made_at, "result", OPEN, video.name, **more)
