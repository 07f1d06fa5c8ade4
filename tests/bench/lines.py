"""What the benchmarks share: how they time, and how they tell what they found."""

import argparse
import statistics
import sys
import time
from dataclasses import dataclass


@dataclass
class Line:
    """One line of the table: two numbers, their ratio, and the bound on it."""

    what: str
    ours: float
    theirs: float
    ratio: float
    wanted: str
    unit: str = "s"

    @property
    def is_met(self):
        sign, bound = self.wanted.split()
        return self.ratio >= float(bound) if sign == ">=" else self.ratio <= float(bound)

    def __str__(self):
        numbers = f"{self.ours:9.3f} {self.theirs:9.3f} {self.unit:<4}{self.ratio:8.2f}   {self.wanted:<8}"
        return f"{self.what:<52}{numbers}{'ok' if self.is_met else 'MISSED'}"


def against(what, ours, theirs, wanted):
    """Faster than theirs by so much (>=), or no more than so much slower (<=)."""
    ratio = theirs / ours if wanted.startswith(">=") else ours / theirs
    return Line(what, ours, theirs, ratio, wanted)


def seconds(call, *arguments):
    """How long one call takes."""
    start = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - start


def interleaved(calls, runs):
    """The median time of each call; in turn, so that a busy moment hits all."""
    times = [[seconds(call) for call in calls] for _ in range(runs)]
    return [statistics.median(column) for column in zip(*times, strict=True)]


def parser(module, doc, runs):
    """The options of every benchmark."""
    made = argparse.ArgumentParser(prog=f"python -m {module}", description=doc)
    made.add_argument("--runs", type=int, default=runs, help="of which the median is told")
    made.add_argument("--strict", action="store_true", help="fail when a ratio is missed")
    return made


def told(lines, *, strict):
    """Write each line as it comes, and return the exit status."""
    missed = 0
    for line in lines:
        missed += not line.is_met
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    return 1 if missed and strict else 0
