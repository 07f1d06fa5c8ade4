"""Run the benchmark: medians of interleaved runs on the demo database, as ratios, against what is wanted."""

import json
import statistics
import subprocess
import sys
from contextlib import ExitStack

from sessionframes.demo.opening import start_lims
from tests.bench.lines import Line, against, parser, told

WHATS = (
    "ours_units",
    "allensdk_units",
    "copy_units",
    "ours_metrics",
    "allensdk_metrics",
    "ours_export",
    "adbc_export",
)


def child(what, url=""):
    finished = subprocess.run(
        [sys.executable, "-m", "tests.bench.measure", what, url], capture_output=True, text=True, check=False
    )
    if finished.returncode:
        sys.exit(f"{what} failed:\n{finished.stderr}")
    return json.loads(finished.stdout)


def medians(whats, runs, url=""):
    """The median of each number of each measurement; a run is one of each, so that a busy moment hits all."""
    told = {what: [] for what in whats}
    for number in range(runs):
        for what in whats:
            progress(f"run {number + 1} of {runs}: {what}")
            told[what].append(child(what, url))
    progress("")
    return {
        what: {
            name: statistics.median(one[name] for one in ones)
            for name, value in ones[0].items()
            if isinstance(value, int | float)
        }
        for what, ones in told.items()
    }


def progress(text):
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{text:<70}\r")


def lines_of(scale, found):
    units, metrics = found["ours_units"], found["ours_metrics"]
    name = f"scale {scale:g}:"
    yield against(
        f"{name} get_units, AllenSDK's way", units["seconds"], found["allensdk_units"]["seconds"], ">= 10"
    )
    yield against(
        f"{name} get_units, raw COPY discarded", units["seconds"], found["copy_units"]["seconds"], "<= 1.5"
    )
    yield Line(
        f"{name} get_units, memory, frame",
        units["above"],
        units["frame"],
        units["above"] / units["frame"],
        "<= 3",
        "MiB",
    )
    yield against(
        f"{name} get_units, validation of the call", units["validation"], units["seconds"], "<= 0.2"
    )
    yield against(
        f"{name} get_unit_analysis_metrics, AllenSDK's way",
        metrics["seconds"],
        found["allensdk_metrics"]["seconds"],
        ">= 8",
    )
    yield against(
        f"{name} get_unit_analysis_metrics, validation",
        metrics["validation"],
        metrics["seconds"],
        "<= 0.2",
    )
    yield against(
        f"{name} export of units, ADBC to Parquet",
        found["ours_export"]["seconds"],
        found["adbc_export"]["seconds"],
        "<= 1.5",
    )


def import_lines(runs):
    found = medians(("import_ours", "import_pandas"), runs)
    ours, pandas = found["import_ours"]["seconds"], found["import_pandas"]["seconds"]
    yield Line("import sessionframes, over import pandas (difference)", ours, pandas, ours - pandas, "<= 0.3")
    drivers = child("import_ours")["drivers"]
    yield Line("import sessionframes, drivers loaded", len(drivers), 0, len(drivers), "<= 0", "")


def export_line(smallest, largest, peaks):
    what = f"export of units, memory at scale {largest:g}, at {smallest:g}"
    return Line(what, peaks[largest], peaks[smallest], peaks[largest] / peaks[smallest], "<= 1.15", "MiB")


def measured(scales, runs):
    yield from import_lines(runs)
    peaks = {}
    for scale in scales:
        with ExitStack() as stack:
            server = stack.enter_context(start_lims(scale, progress=True))
            found = medians(WHATS, runs, server.url)
        peaks[scale] = found["ours_export"]["before"] + found["ours_export"]["above"]
        yield from lines_of(scale, found)
    if len(scales) > 1:
        yield export_line(min(scales), max(scales), peaks)


def main():
    options = parser("tests.bench", __doc__, runs=3)
    options.add_argument("--scale", type=float, nargs="+", default=[1.0, 5.0], help="sizes of the demo world")
    asked = options.parse_args()
    header = f"{'what, against what':<52}{'ours':>9} {'theirs':>9} {'':<4}{'ratio':>8}   {'wanted':<8}ok?"
    sys.stdout.write(f"{header}\n")
    return told(measured(asked.scale, asked.runs), strict=asked.strict)


if __name__ == "__main__":
    sys.exit(main())
