"""What is known of Alyx' endpoints, and how related rows are reached."""

from __future__ import annotations

import pytest

from sessionframes.errors import QueryError
from sessionframes.query import Q
from sessionframes.query.binding import bind
from sessionframes.sources.alyx.endpoints import ENDPOINTS, KINDS, OF_MODEL, OF_TABLE
from sessionframes.sources.alyx.further import Further, way
from sessionframes.sources.alyx.models import models
from sessionframes.sources.alyx.named import NAMED
from tests.sources.alyx.scopes import scope

_ALL = list(ENDPOINTS.values())


@pytest.mark.parametrize("endpoint", _ALL, ids=lambda one: one.name)
def test_every_field_has_a_type_that_is_known_and_a_path_that_leads_to_it(endpoint):
    for field in endpoint.fields.values():
        assert field.wire in KINDS
        if endpoint.django and field.django is not None:
            assert way(endpoint.model, field.django) is not None, field.name


@pytest.mark.parametrize("endpoint", _ALL, ids=lambda one: one.name)
def test_no_two_fields_of_an_endpoint_become_one_column(endpoint):
    columns = [field.column for field in endpoint.fields.values() if field.column is not None]
    assert len(columns) == len(set(columns))


def test_every_relation_leads_to_a_model_and_the_way_back_is_a_field_there():
    for model in models().values():
        for relation in model.relations.values():
            assert relation.to in models()
            if relation.back is not None and relation.to in OF_MODEL:
                fields = OF_MODEL[relation.to].fields
                assert relation.back in fields, (model.name, relation.name)


def test_filters_with_a_name_are_those_of_their_endpoint():
    for endpoint, named in NAMED.items():
        assert {one.parameter for one in named.values()} <= set(ENDPOINTS[endpoint].filters)


def test_lists_are_cut_by_keys_only_where_the_server_takes_conditions_on_them():
    cut = {one.name for one in _ALL if one.uuid_key}
    assert {"sessions", "channels", "datasets", "tasks", "subjects"} <= cut
    assert not {"projects", "tags", "brain-regions", "users", "labs"} & cut


def test_each_table_is_read_from_one_endpoint():
    assert {
        table: one.name for table, one in OF_TABLE.items() if table in ("probes", "assets", "structures")
    } == {
        "probes": "insertions",
        "assets": "datasets",
        "structures": "brain-regions",
    }


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("subject__nickname", "text"),
        ("subject__actions_sessions__procedures__name", "text"),
        ("subject__birth_date", "instant"),
        ("tasks__status", "text"),
        ("tasks__time_elapsed_secs", "number"),
        ("tasks__arguments", "json"),
        ("probe_insertion__trajectory_estimate__channels__brain_region__acronym", "text"),
        ("data_dataset_session_related__default_dataset", "flag"),
    ],
)
def test_related_rows_are_named_as_django_names_them(name, kind):
    further = Further("sessions", "sessions")
    assert further[name].kind == kind
    assert name in further


@pytest.mark.parametrize(
    "name", ["subject", "subject__nosuch", "nosuch__name", "qc", "subject__lab", "", "__"]
)
def test_what_is_no_field_of_a_related_row_is_no_name(name):
    assert name not in Further("sessions", "sessions")


def test_relations_in_a_circle_end_somewhere():
    round_and_round = "__".join(["subject", "actions_sessions"] * 8)
    assert f"{round_and_round}__number" not in Further("sessions", "sessions")


def test_an_endpoint_that_takes_no_conditions_has_no_further_names():
    assert list(Further("projects", "projects")) == []
    assert "users__username" not in Further("projects", "projects")


def test_names_next_to_the_row_are_listed_for_messages():
    listed = set(Further("insertions", "probes"))
    assert {"session__number", "model__name", "datasets__name"} <= listed
    assert len(Further("insertions", "probes")) == len(listed)
    with pytest.raises(QueryError, match="session__"):
        bind(Q(session__numbr=1), scope("probes"))


def test_a_path_in_json_goes_on_behind_a_relation():
    where = bind(Q(probe_insertion__json__extended_qc__alignment_resolved=True), scope("sessions"))
    assert where.field.name == "probe_insertion__json"
    assert where.path == ("extended_qc", "alignment_resolved")
