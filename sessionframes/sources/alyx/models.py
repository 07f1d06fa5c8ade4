"""The graph behind ``django=``: what each model of Alyx holds, and how to get from one to another.

Written as text: a field or relation a line. A field has the types of
:mod:`~sessionframes.sources.alyx.endpoints`; ``>`` leads to one row of another model, ``>>`` to any number,
and what stands behind is the way back from there, where it is told by a field of that model's lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Relation:
    """A way from one model to another.

    Parameters
    ----------
    name : str
        As ``django=`` has it.
    to : str
        The other model.
    many : bool
        Whether it leads to any number of rows.
    back : str or None
        The field of the other's rows on the wire that tells which row they are of; None where lists show
        none.
    """

    name: str
    to: str
    many: bool
    back: str | None = None


@dataclass(frozen=True)
class Model:
    """A model: its fields by name with their types, and its relations."""

    name: str
    fields: Mapping[str, str]
    relations: Mapping[str, Relation]


_BASE = "id uuid\nname text\njson json\n"
_MODELS: Mapping[str, str] = {
    "session": f"""{_BASE}
subject > subject
users >> user
location > location
lab > lab
procedures >> procedure
projects >> project
parent_session > session
session >> session parent_session
data_dataset_session_related >> dataset session
probe_insertion >> insertion session
field_of_view >> fov session
tasks >> task session
wateradmin_session_related >> wateradmin session
narrative text
start_time time
end_time time
type text
number int
task_protocol text
n_trials int
n_correct_trials int
qc qc
extended_qc json
auto_datetime time
""",
    "subject": f"""{_BASE}
nickname text
description text
responsible_user > user
lab > lab
projects >> project
species > named
strain > named
source > named
line > named
litter > named
actions_sessions >> session
weighings >> weighing
water_administrations >> wateradmin
birth_date date
death_date date
ear_mark text
protocol_number text
sex text
""",
    "insertion": f"""{_BASE}
session > session
model > probemodel
serial text
auto_datetime time
datasets >> dataset
trajectory_estimate >> trajectory probe_insertion
chronic_insertion > chronic
""",
    "chronic": f"""{_BASE}
subject > subject
lab > lab
location > location
model > probemodel
serial text
start_time time
end_time time
probe_insertion >> insertion chronic_insertion
trajectory_estimate >> trajectory chronic_insertion
""",
    "trajectory": """
id uuid
json json
probe_insertion > insertion
chronic_insertion > chronic
coordinate_system > described
x float
y float
z float
depth float
theta float
phi float
roll float
provenance provenance
datetime time
channels >> channel trajectory_estimate
""",
    "channel": f"""{_BASE}
trajectory_estimate > trajectory
brain_region > region
axial float
lateral float
x float
y float
z float
""",
    "region": """
id int
acronym text
name text
description text
ontology text
parent > region
""",
    "dataset": f"""{_BASE}
session > session
created_by > user
created_datetime time
generating_software text
file_size int
hash text
version text
collection text
auto_datetime time
default_dataset bool
qc qc
dataset_type > datasettype
data_format > dataformat
revision > revision
tags >> tag
file_records >> filerecord dataset
probe_insertion >> insertion
""",
    "filerecord": f"""{_BASE}
dataset > dataset
data_repository > repository
relative_path text
exists bool
""",
    "repository": f"""{_BASE}
timezone text
globus_path text
hostname text
data_url text
globus_is_personal bool
""",
    "task": """
id uuid
name text
session > session
data_repository > repository
parents >> task
status status
priority int
io_charge int
level int
gpu int
cpu int
ram int
time_out_secs int
time_elapsed_secs float
executable text
graph text
log text
version text
datetime time
arguments json
""",
    "wateradmin": f"""{_BASE}
subject > subject
session > session
user > user
water_type > named
date_time time
water_administered float
adlib bool
""",
    "weighing": f"""{_BASE}
subject > subject
user > user
date_time time
weight float
""",
    "surgery": f"""{_BASE}
subject > subject
lab > lab
location > location
users >> user
procedures >> procedure
narrative text
start_time time
end_time time
outcome_type text
implant_weight float
""",
    "fov": f"""{_BASE}
session > session
imaging_type > named
stack > named
datasets >> dataset
""",
    "lab": f"""{_BASE}
institution text
address text
timezone text
reference_weight_pct float
zscore_weight_pct float
repositories >> repository
""",
    "location": f"{_BASE}lab > lab",
    "user": "id uuid\nusername text\nemail text\nis_stock_manager bool",
    "project": f"{_BASE}description text\nusers >> user",
    "procedure": f"{_BASE}description text",
    "probemodel": f"{_BASE}probe_manufacturer text\nprobe_model text\ndescription text",
    "tag": f"{_BASE}description text\nprotected bool\npublic bool\nhash text\ndatasets >> dataset",
    "revision": f"{_BASE}description text\ncreated_datetime time",
    "datasettype": f"{_BASE}description text\nfilename_pattern text\ncreated_by > user",
    "dataformat": f"{_BASE}description text\nfile_extension text",
    "described": f"{_BASE}description text",
    "named": _BASE,
}


def _model(name: str) -> Model:
    fields, relations = {}, {}
    for line in _MODELS[name].split("\n"):
        match line.split():
            case [field, ">" | ">>" as sign, to, *back]:
                relations[field] = Relation(field, to, sign == ">>", back[0] if back else None)
            case [field, wire]:
                fields[field] = wire
    return Model(name, fields, relations)


@cache
def models() -> Mapping[str, Model]:
    """Return all models by name."""
    return {name: _model(name) for name in _MODELS}
