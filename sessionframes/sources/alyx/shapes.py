"""The fields of Alyx' endpoints, as :mod:`sessionframes.sources.alyx.endpoints` reads them.

Seen in answers of Alyx 3.6.1; the server's own schema tells neither nulls nor lists rightly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMED = """
json json?
name text
"""

FIELDS: Mapping[str, str] = {
    "sessions": """
id                             uuid     session_id
subject                        slug     subject_name    subject__nickname
start_time                     time?    start_time
number                         int?
lab                            slug?    lab             lab__name
projects                       slugs    projects        projects__name
url                            url      .               id
task_protocol                  text_    session_type
read:
users                          slugs    users           users__username
location                       slug?    location_name   location__name
procedures                     slugs    procedures      procedures__name
type                           text_?   type
end_time                       time?
narrative                      text_
parent_session                 url?     parent_session  parent_session__id
n_trials                       int?
n_correct_trials               int?
qc                             qc
extended_qc                    json?
json                           json?
auto_datetime                  time?
notes                          records  .               .
field_of_view                  records  .               .
wateradmin_session_related     records  .               .
probe_insertion                records  .               .
data_dataset_session_related   records  .               .
""",
    "insertions": """
id                  uuid    probe_id
session             uuid    session_id      session__id
model               slug?   probe_model     model__probe_model
session_info        json    .               .
name                text    probe_name
json                json?   probe_json      json
serial              text_   probe_serial    serial
auto_datetime       time?   probe_auto_datetime  auto_datetime
chronic_insertion   uuid?   chronic_insertion_id  chronic_insertion__id
datasets            slugs   probe_asset_ids  datasets__id
""",
    "trajectories": """
id                  uuid    trajectory_id
probe_insertion     uuid?   probe_id            probe_insertion__id
chronic_insertion   uuid?   trajectory_chronic_insertion_id   chronic_insertion__id
x                   float?  entry_mediolateral_bregma_coordinate      x
y                   float?  entry_anteroposterior_bregma_coordinate   y
z                   float?  entry_dorsoventral_bregma_coordinate      z
depth               float?  trajectory_depth  depth
theta               float?  trajectory_theta  theta
phi                 float?  trajectory_phi  phi
roll                float?  trajectory_roll  roll
provenance          provenance  trajectory_provenance  provenance
session             json?   .               .
probe_name          text?   probe_name      .
coordinate_system   slug?   coordinate_system  coordinate_system__name
datetime            time    trajectory_datetime  datetime
json                json?   trajectory_json  json
""",
    "channels": """
id                   uuid    channel_id
trajectory_estimate  uuid    trajectory_id   trajectory_estimate__id
brain_region         int?    structure_id    brain_region__id
name                 text_   channel_name    name
json                 json?   channel_json    json
axial                float?  probe_vertical_position    axial
lateral              float?  probe_horizontal_position  lateral
x                    float?  mediolateral_bregma_coordinate      x
y                    float?  anteroposterior_bregma_coordinate   y
z                    float?  dorsoventral_bregma_coordinate      z
""",
    "brain-regions": """
id                    int     structure_id
acronym               text    structure_acronym      acronym
name                  text    structure_name         name
description           text?  structure_description  description
parent                int?    parent_structure_id    parent__id
related_descriptions  records structure_related_descriptions  .
""",
    "datasets": """
url                 url     asset_id        id
name                text    asset_name      name
created_by          slug?   created_by      created_by__username
created_datetime    time?   created_at      created_datetime
dataset_type        slug    asset_type      dataset_type__name
data_format         slug    data_format     data_format__name
collection          text_
session             url?    session_id      session__id
file_size           int?    size_in_bytes   file_size
hash                text_   checksum        .
version             text_   asset_version   version
experiment_number   int?    experiment_number  session__number
file_records        records file_records    .
auto_datetime       time?   asset_auto_datetime  auto_datetime
revision            text_   revision        revision__name
default_dataset     bool
protected           int     protected       .
public              int     public          .
tags                slugs   tags            tags__name
qc                  qc      asset_qc        qc
json                json?   asset_json      json
""",
    "tasks": """
id                 uuid    task_id
parents            slugs   parent_task_ids  parents__id
session            uuid?   session_id       session__id
data_repository    slug?   data_repository  data_repository__name
status             status
name               text?   task_name        name
priority           int?
io_charge          int?
level              int?
gpu                int?
cpu                int?
ram                int?
time_out_secs      int?    time_out_secs    time_out_secs
time_elapsed_secs  float?  time_elapsed_secs  time_elapsed_secs
executable         text?
graph              text?
log                text?
version            text?
datetime           time    changed_at       datetime
arguments          json?
""",
    "subjects": """
nickname                text    subject_name
url                     url     .                .
id                      uuid    subject_id
responsible_user        slug?   responsible_user responsible_user__username
birth_date              date?   date_of_birth    birth_date
age_weeks               int     age_weeks        .
death_date              date?   date_of_death    death_date
species                 slug?   species          species__name
sex                     text    sex              .
litter                  slug?   litter           litter__name
strain                  slug?   strain           strain__name
source                  slug?   subject_source   source__name
line                    slug?   line             line__name
projects                slugs   subject_projects  projects__name
session_projects        slugs   session_projects actions_sessions__projects__name
lab                     slug?   subject_lab      lab__name
genotype                slugs   genotype         .
description             text_   subject_description  description
alive                   bool    alive            .
reference_weight        float?  reference_weight .
last_water_restriction  text?   last_water_restriction  .
expected_water          float?  expected_water   .
remaining_water         float?  remaining_water  .
json                    json?   subject_json     json
read:
weighings               records .                .
water_administrations   records .                .
""",
    "projects": (
        "name text project_id\ndescription text_ project_description\n"
        "users slugs project_users users__username"
    ),
    "labs": """
name                   text    lab_id         name
institution            text_
address                text_
timezone               text_
repositories           slugs   repositories   repositories__name
reference_weight_pct   float
zscore_weight_pct      float
json                   json?
""",
    "users": """
id                    uuid    user_uuid      id
username              text    user_id        username
email                 text_
subjects_responsible  slugs
lab                   slugs
allowed_users         slugs
is_stock_manager      bool
""",
    "weighings": """
subject    slug    subject_name   subject__nickname
date_time  time?
weight     float
user       slug?   user           user__username
url        url     weighing_id    id
""",
    "water-administrations": """
subject             slug    subject_name   subject__nickname
date_time           time?
water_administered  float?
water_type          slug?   water_type     water_type__name
user                slug?   user           user__username
url                 url     water_administration_id  id
session             uuid?   session_id     session__id
adlib               bool
""",
    "water-restriction": """
subject           slug    subject_name   .
start_time        time?
end_time          time?
water_type        slug?
reference_weight  float?
""",
    "water-restricted-subjects": """
nickname                text    subject_name
url                     url     water_restricted_subject_id  .
expected_water          float?
remaining_water         float?
reference_weight        float?
last_water_restriction  text?
reference_weight_pct    float?
zscore_weight_pct       float?
""",
    "water-type": "url url water_type_id .\njson json?\nname text",
    "surgeries": """
id              uuid    surgery_id
subject         slug    subject_name   subject__nickname
name            text_
json            json?
narrative       text_
start_time      time?
end_time        time?
outcome_type    text?
implant_weight  float?
lab             uuid?   lab            lab__id
location        uuid?   location       location__id
users           slugs   users          users__username
procedures      slugs   procedures     procedures__name
""",
    "files": """
url              url     file_id
dataset          url     asset_id
data_repository  slug
name             text_
json             json?
relative_path    text
exists           bool
""",
    "notes": """
id            uuid    note_id
user          slug?
date_time     time
content_type  text
object_id     uuid
text          text_
image         text?
json          json?
""",
    "tags": f"id uuid tag_id id{_NAMED}description text_\nprotected bool\npublic bool\nhash text?",
    "revisions": f"id uuid revision_id id{_NAMED}description text_\ncreated_datetime time?",
    "dataset-types": (
        "id uuid dataset_type_id id\nname text\ncreated_by slug?\ndescription text_\nfilename_pattern text?"
    ),
    "data-formats": f"""id uuid data_format_id id{_NAMED}description text_
file_extension          text_
matlab_loader_function  text_
python_loader_function  text_
""",
    "data-repository": """
name                text    data_repository_id  name
timezone            text_
globus_path         text_
hostname            text_
data_url            text?
repository_type     slug?
globus_endpoint_id  uuid?
globus_is_personal  bool?
json                json?
""",
    "data-repository-type": "url url data_repository_type_id .\njson json?\nname text",
    "chronic-insertions": """
id               uuid    chronic_insertion_id
name             text
subject          slug    subject_name   subject__nickname
lab              slug?   lab            lab__name
model            slug?   probe_model    model__probe_model
start_time       time?
serial           text_   probe_serial   serial
json             json?
probe_insertion  records probe_insertion  .
""",
    "locations": "name text location_id name\nlab slug?\njson json?",
    "procedures": f"id uuid procedure_id id{_NAMED}description text_",
    "downloads": "id uuid download_id id\nuser slug\ndataset uuid asset_id\ncount int\njson json?",
    "fields-of-view": """
id            uuid    field_of_view_id  id
imaging_type  slug?   imaging_type   imaging_type__name
location      records location       .
name          text_
json          json?
session       uuid    session_id     session__id
stack         uuid?   stack          stack__id
datasets      slugs   datasets       datasets__id
""",
    "fov-location": """
id                  uuid    fov_location_id  id
brain_region        json?
coordinate_system   slug?
provenance          text?
x                   json?
y                   json?
z                   json?
n_xyz               json?
default_provenance  bool
auto_datetime       time?
read:
json                json?
field_of_view       uuid?
""",
    "imaging-stack": "id uuid imaging_stack_id id\nslices records\nread:\nname text_\njson json?",
    "data-notices": """
id                   uuid    data_notice_id  id
created_by           slug?
datasets             json?
description_html     text_
name                 text_
json                 json?
description          text_
importance           text?
created_datetime     time?
version_affected     text_
affected_date_start  date?
affected_date_end    date?
""",
}
