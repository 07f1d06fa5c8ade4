"""The error tree: one root, picklable, and messages that say where and what to do."""

from __future__ import annotations

import inspect
import pickle

import pandas as pd
import pytest

from sessionframes import errors
from sessionframes.errors import (
    FrameValidationError,
    QueryError,
    SessionFramesError,
    SourceError,
    SourceUnavailableError,
)

KINDS = [getattr(errors, name) for name in errors.__all__]


def make(kind, message="it is so", **where):
    more = {"failures": pd.DataFrame({"column": ["rate"]})} if kind is FrameValidationError else {}
    return kind(message, **where, **more)


def test_all_are_public_and_grow_from_one_root():
    found = {
        name
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, Exception) and kind.__module__ == errors.__name__
    }
    assert found == set(errors.__all__)
    assert all(issubclass(kind, SessionFramesError) for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_tree_in_the_docstring_names_it(kind):
    assert kind.__name__ in errors.__doc__


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("kind", KINDS)
def test_pickling_keeps_everything(kind, protocol):
    error = make(kind, source="lims", table="units", column="snr", hint="Do this.")
    back = pickle.loads(pickle.dumps(error, protocol))
    assert type(back) is kind
    assert str(back) == str(error) == "lims.units.snr: it is so Do this."
    assert (back.message, back.source, back.table, back.column, back.hint) == (
        "it is so",
        "lims",
        "units",
        "snr",
        "Do this.",
    )
    assert back.args == error.args
    if kind is FrameValidationError:
        pd.testing.assert_frame_equal(back.failures, error.failures)


def test_pickling_keeps_what_others_wrote_on_it():
    error = SourceUnavailableError("gone")
    error.add_note("while reading units")
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["while reading units"]


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({}, "it is so"),
        ({"source": "lims"}, "lims: it is so"),
        ({"source": "lims", "column": "snr"}, "lims.snr: it is so"),
        ({"table": "units"}, "units: it is so"),
        ({"hint": "Do this."}, "it is so Do this."),
    ],
)
def test_the_message_says_where_and_what_to_do(where, said):
    assert str(SessionFramesError("it is so", **where)) == said


def test_a_wrong_question_is_a_value_error_and_no_fault_of_the_source():
    assert issubclass(QueryError, ValueError)
    assert not issubclass(QueryError, SourceError)


def test_one_except_catches_what_a_source_does():
    sources = {kind.__name__ for kind in KINDS if issubclass(kind, SourceError)}
    assert sources == {
        "AuthenticationError",
        "SourceError",
        "SourceResponseError",
        "SourceUnavailableError",
        "TableNotProvidedError",
        "UnknownSourceError",
    }
