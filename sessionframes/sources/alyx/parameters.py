"""The named filters of Alyx' endpoints, as :mod:`sessionframes.sources.alyx.endpoints` reads them.

All others are ignored by the server, which then sends the whole table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Named filters and what each takes; limit, offset and django aside. Others are ignored by the server.
FILTERS: Mapping[str, str] = {
    "sessions": """
        subject:text nickname:text lab:text type:text task_protocol:part location:part project:part
        projects:part procedures:part tag:part users:texts date_range:dates number:int n_trials:int
        n_correct_trials:int narrative:text start_time:time end_time:time auto_datetime:time name:text
        id:uuid parent_session:uuid qc:qc datasets:texts dataset_types:texts dataset_qc_lte:qc
        performance_gte:number performance_lte:number extended_qc:pairs json:pairs atlas_id:int
        atlas_acronym:text atlas_name:part histology:bool
    """,
    "insertions": """
        id:uuid subject:text name:text serial:text model:text session:uuid date:date experiment_number:int
        lab:text project:part task_protocol:part tag:part datasets:texts dataset_types:texts
        dataset_qc_lte:qc atlas_id:int atlas_acronym:text atlas_name:part auto_datetime:time
        chronic_insertion:uuid
    """,
    "trajectories": """
        id:uuid provenance:provenance probe:text probe_insertion:uuid chronic_insertion:uuid session:uuid
        subject:text project:text date:date experiment_number:int x:number y:number z:number depth:number
        theta:number phi:number roll:number coordinate_system:uuid datetime:time
    """,
    "channels": """
        id:uuid session:uuid probe_insertion:uuid trajectory_estimate:uuid subject:text lab:text
        brain_region:int axial:number lateral:number x:number y:number z:number name:text
    """,
    "datasets": """
        id:uuid session:uuid subject:text lab:text name:text collection:text dataset_type:text revision:text
        created_by:text tag:text tags:uuid date:date created_date:date created_date_gte:date
        created_date_lte:date qc:qc default_dataset:bool public:bool protected:bool probe_insertion:uuid
        exists:bool experiment_number:int auto_datetime:time created_datetime:time data_format:uuid
        file_size:int hash:text version:text content_type:int generating_software:text md5:uuid
        object_id:uuid provenance_directory:uuid
    """,
    "tasks": """
        id:uuid status:status name:text lab:text graph:text version:text executable:text session:uuid
        level:int priority:int cpu:int gpu:int ram:int io_charge:int time_out_secs:int
        time_elapsed_secs:number log:text datetime:time data_repository:uuid parents:uuid arguments:json
    """,
    "subjects": """
        alive:bool stock:bool water_restricted:bool lab:text project:text projects:uuid nickname:text
        responsible_user:text sex:text birth_date:date death_date:date wean_date:date genotype_date:date
        reduced_date:date id:uuid name:text description:text json:pairs ear_mark:text cage:text line:uuid
        litter:uuid source:uuid species:uuid strain:uuid genotype:uuid genotype_test:uuid request:uuid
        actual_severity:int adverse_effects:text protocol_number:text to_be_culled:bool to_be_genotyped:bool
    """,
    "brain-regions": """
        acronym:text name:part description:part parent:int id:int ancestors:region descendants:region
    """,
    "labs": """
        name:text institution:text address:text timezone:text id:uuid repositories:uuid cage_type:uuid
        enrichment:uuid food:uuid light_cycle:uuid cage_cleaning_frequency_days:int
        reference_weight_pct:number zscore_weight_pct:number
    """,
    "weighings": """
        nickname:text subject:text date_range:dates date_time:time id:uuid lab:text location:text name:text
        user:text users:texts weight:number json:pairs
    """,
    "tags": "name:text",
}
