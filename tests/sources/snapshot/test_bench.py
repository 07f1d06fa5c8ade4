"""What `make bench` measures of snapshots can still be measured."""

from tests.bench.snapshots import lines
from tests.sources.snapshot.big import big


def test_each_line_tells_two_numbers(tmp_path):
    path = big(20, 200).export(tmp_path / "out", progress=False)
    told = list(lines(path, 700_000_003, runs=1))
    assert len(told) >= 3
    for line in told:
        assert line.ours > 0
        assert line.theirs > 0
