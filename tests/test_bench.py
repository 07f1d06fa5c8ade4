"""What `make bench` measures can still be measured."""

import pytest

from tests.bench import measure
from tests.bench.__main__ import WHATS


@pytest.mark.parametrize("what", WHATS)
def test_a_measurement_tells_its_time(what, lims_url):
    told = getattr(measure, what)(lims_url)
    assert told["seconds"] > 0
    assert told.get("rows", 1) > 0
