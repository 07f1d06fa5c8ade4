"""``sessionframes get`` on a terminal: as wide as that is, and what is missing is told."""

import os
import re
import termios

import pytest

ROWS = 24


@pytest.fixture
def on_screen(start, lims_url):
    """Runs ``sessionframes get`` on a terminal of some width and returns what stands there."""

    def run(width, *arguments):
        screen, terminal = os.openpty()
        termios.tcsetwinsize(terminal, (ROWS, width))
        # What is set there would win over the terminal.
        environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
        process = start("get", *arguments, "--source", lims_url, stdout=terminal, env=environment)
        os.close(terminal)
        shown = b"".join(_read(screen)).decode()
        os.close(screen)
        assert process.wait(60) == 0
        return shown.replace("\r\n", "\n")

    return run


def _read(screen):
    while True:
        try:
            block = os.read(screen, 4096)
        except OSError:  # how Linux says that nobody writes any more
            return
        if not block:
            return
        yield block


def _text(frame, **limits):
    return f"{frame.to_string(max_rows=20, show_dimensions=True, **limits)}\n"


def _width(text):
    return max(map(len, text.splitlines()))


@pytest.mark.parametrize("table", ["sessions", "units", "unit_metrics"])
@pytest.mark.parametrize("width", [40, 80, 133])
def test_as_many_columns_are_shown_as_the_screen_is_wide(on_screen, lims, table, width):
    frame = lims.get(table)
    shown, said = re.fullmatch(r"(.*\])\n(.*)\n", on_screen(width, table), re.DOTALL).groups()
    names = [name for name in shown.splitlines()[0].split() if name != "..."]
    assert names
    every = list(frame.columns)
    half = len(names) // 2
    assert names == (every[:1] if len(names) == 1 else every[:half] + every[-half:])
    assert _width(shown) <= width
    assert _width(_text(frame, max_cols=2 * half + 2, max_colwidth=50)) > width
    hidden = len(every) - len(names)
    assert said == (
        f"{hidden} of {len(every)} columns are not shown; --output FILE or --format csv gives all."
    )


def test_a_screen_that_is_wide_enough_shows_all(on_screen, lims):
    assert on_screen(5000, "sessions") == _text(lims.get_sessions())


def test_a_screen_narrower_than_one_column_shows_one(on_screen, lims):
    shown = on_screen(5, "sessions").splitlines()
    assert shown[0].split() == [lims.get_sessions().columns[0], "..."]


def test_other_formats_come_whole_to_the_screen_too(on_screen, lims):
    assert on_screen(40, "sessions", "--format", "csv") == lims.get_sessions().to_csv()


def test_an_empty_answer_hides_no_column(on_screen, lims):
    assert on_screen(40, "units", "--session-ids", "1") == _text(lims.get_units(unit_ids=[]))
