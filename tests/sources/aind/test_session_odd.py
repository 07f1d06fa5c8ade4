"""Sessions of which the servers tell what is large, or odd."""

from __future__ import annotations

import operator

import pytest

from sessionframes.errors import SourceResponseError
from sessionframes.sources.aind.data_asset import of_asset
from tests.sources.aind.examples import NAME, asset, record
from tests.sources.aind.served import served

#: Which comes later by its name.
EARLIER = "multiplane-ophys_700123_2024-06-10_10-15-02"


def test_a_record_that_is_too_large_to_be_sent_comes_in_parts():
    large = record(of_no_schema={"x": 1})
    large["procedures"], large["quality_control"] = {"notes": "x" * 4_000_000}, {"notes": "y" * 4_000_000}
    small = record(_id="other", name=EARLIER)
    with served([large, small], [asset()]) as at:
        assert at.session.docdb == large
        assert at.session.subject.docdb == (large, small)


@pytest.mark.parametrize("place", ["/tmp", "tests", "file:///tmp", "http://127.0.0.1:9/x", "memory://x"])
def test_a_location_that_is_in_no_bucket_is_not_read(place):
    with served([record(location=place)], [asset()]) as at:
        assert at.session.raw_data_dir == place
        for ask in ("modalities", "ecephys.compressed_dir"):
            with pytest.raises(SourceResponseError, match=f"told as the place of {NAME}"):
                operator.attrgetter(ask)(at.session)


def test_odd_assets_of_an_animal_are_no_odd_errors():
    odd = [
        asset(id="a", tags=5, custom_metadata=None),
        asset(id="b", tags="700123", name=None),
        asset(id="c", created=1e20),
    ]
    with served([record()], odd) as at:
        found = {one.id: one for one in at.session.subject.data_assets}
        assert "c" in found
        with pytest.raises(SourceResponseError, match=r"created = 1e\+20"):
            _ = found["c"].created_at
    assert of_asset(odd[0]).tags == ()
    assert of_asset(odd[1]).name == "b"
