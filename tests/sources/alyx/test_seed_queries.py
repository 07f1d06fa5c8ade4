"""Every example of Alyx' own page, as Alyx is asked for it here."""

from __future__ import annotations

from collections import ChainMap
from pathlib import Path

import pytest

import sessionframes as sf
from sessionframes.demo.alyx import AlyxServer
from sessionframes.query.binding import bind
from sessionframes.query.where import Field, all_of
from sessionframes.sources.alyx.arguments import arguments_of
from sessionframes.sources.alyx.compiled import narrowed_where
from sessionframes.sources.alyx.encode import joined
from sessionframes.sources.alyx.endpoints import ENDPOINTS, OF_TABLE
from sessionframes.sources.alyx.further import Further
from tests.sources.alyx.scopes import scope
from tests.sources.alyx.seed_queries import SEEDS


def _scope(endpoint):
    if endpoint.table is not None:
        return scope(endpoint.table)
    columns = {name: Field(name, one.kind, endpoint.name) for name, one in endpoint.by_column().items()}
    return ChainMap(columns, Further(endpoint.name, endpoint.name))


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.seed)
def test_an_example_of_the_page_is_asked_for_as_it_was_meant(seed):
    endpoint = OF_TABLE.get(seed.table) or ENDPOINTS[seed.table]
    columns, known = _scope(endpoint), {one.name: one for one in arguments_of(seed.table)}
    wheres = [
        bind(value, columns) if name == "where" else known[name].parse(columns[known[name].column], value)
        for name, value in seed.given.items()
    ]
    found = narrowed_where(all_of(*wheres), endpoint.name, seed.table)
    assert dict(found.params) == seed.params
    assert tuple(joined((*found.terms, *part)) for part in found.parts) == seed.parts
    assert found.marks == ()


def test_the_readme_has_every_query_in_both_forms():
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    for one in SEEDS:
        seed, ours = ("`" + text.replace("|", "\\|") + "`" for text in (one.seed, one.ours))
        assert f"| {seed} | {ours} |" in readme, one.ours


@pytest.mark.parametrize("one", SEEDS, ids=lambda one: one.ours)
def test_every_query_has_an_answer(seeded, one):
    frame = seeded.get(one.table, **one.given, progress=False)
    assert frame.index.is_unique


@pytest.fixture(scope="module")
def seeded(world):
    with (
        AlyxServer(world, examples=True) as server,
        sf.connect("alyx", url=server.url, username=server.username, password=server.password) as db,
    ):
        yield db
