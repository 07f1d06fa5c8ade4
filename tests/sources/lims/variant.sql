-- A LIMS as another hand would have made it: the dossier's tables with columns that we do not read, in another
-- order, with other widths and types, zoned times, and tables that we do not know.

create table ages (
    days numeric,
    id integer primary key
);

create table genders (
    created_at timestamp with time zone default now(),
    name varchar(255),
    id integer primary key
);

create table isi_experiments (
    id integer primary key
);

create table stimulus_namespaces (
    name varchar(255),
    id integer primary key
);

create table structures (
    name varchar(255),
    acronym varchar(255),
    parent_structure_id integer,
    id integer primary key,
    graph_order integer
);

create table well_known_file_types (
    name varchar(255),
    id integer primary key
);

create table donors (
    external_donor_name varchar(255),
    age_id integer,
    date_of_birth timestamp with time zone,
    gender_id integer,
    created_at timestamp with time zone default now(),
    full_genotype varchar(255),
    id integer primary key
);

create table well_known_files (
    published_at timestamp with time zone,
    storage_directory varchar(255),
    size bigint,
    filename varchar(255),
    updated_at timestamp with time zone default now(),
    well_known_file_type_id integer,
    attachable_id integer,
    attachable_type varchar(255),
    id integer primary key
);

create table specimens (
    name varchar(255),
    donor_id integer,
    parent_id integer,
    id integer primary key
);

create table stimuli (
    data jsonb default '{}',
    well_known_file_id integer,
    stimulus_namespace_id integer,
    name varchar(255),
    id integer primary key
);

create table ecephys_sessions (
    project_id integer,
    habituation boolean,
    equipment_id integer,
    workflow_state varchar(255),
    name varchar(255) default 'unnamed',
    published_at timestamp with time zone,
    storage_directory varchar(255),
    date_of_acquisition timestamp with time zone,
    isi_experiment_id integer,
    stimulus_name varchar(255),
    specimen_id integer,
    id integer primary key
);

create table ecephys_analysis_runs (
    job_strategy_class varchar(255) default 'EcephysStrategy',
    current boolean,
    workflow_state varchar(255),
    ecephys_session_id integer,
    id integer primary key
);

create table ecephys_probes (
    created_at timestamp with time zone default now(),
    workflow_state varchar(255),
    serial varchar(255),
    use_lfp_data boolean,
    surface_channel_index integer,
    air_channel_index integer,
    temporal_subsampling_factor double precision,
    global_probe_lfp_sampling_rate double precision,
    global_probe_sampling_rate numeric,
    phase varchar(255),
    name varchar(255),
    ecephys_session_id integer,
    id integer primary key
);

create table ecephys_analysis_run_probes (
    ecephys_probe_id integer,
    ecephys_analysis_run_id integer,
    id integer primary key
);

create table ecephys_channels (
    created_at timestamp with time zone default now(),
    valid_data boolean,
    impedance numeric,
    left_right_ccf_coordinate double precision,
    dorsal_ventral_ccf_coordinate double precision,
    anterior_posterior_ccf_coordinate double precision,
    manual_structure_id integer,
    probe_horizontal_position integer,
    probe_vertical_position numeric,
    local_index integer,
    ecephys_probe_id integer,
    id integer primary key
);

create table ecephys_units (
    cluster_ids integer[],
    velocity_below double precision,
    local_index integer,
    velocity_above double precision,
    epoch_name varchar(255),
    spread double precision,
    amplitude double precision,
    recovery_slope double precision,
    repolarization_slope double precision,
    "PT_ratio" double precision,
    halfwidth double precision,
    duration double precision,
    epoch_name_waveform_metrics varchar(255),
    epoch_name_quality_metrics varchar(255),
    cumulative_drift double precision,
    max_drift double precision,
    silhouette_score double precision,
    nn_miss_rate double precision,
    nn_hit_rate double precision,
    d_prime double precision,
    l_ratio double precision,
    isolation_distance double precision,
    amplitude_cutoff double precision,
    presence_ratio double precision,
    isi_violations double precision,
    firing_rate numeric,
    snr numeric,
    quality varchar(255),
    ecephys_channel_id integer,
    id integer primary key
);

create table ecephys_unit_metric_bundles (
    created_at timestamp with time zone default now(),
    data jsonb,
    ecephys_analysis_run_id integer,
    ecephys_unit_id integer,
    id integer primary key
);

create table projects (id integer primary key, code varchar(255));

create table behavior_sessions (id integer primary key, ecephys_session_id integer, donor_id integer);
