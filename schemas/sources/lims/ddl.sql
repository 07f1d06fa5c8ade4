CREATE TABLE ages (
	id BIGINT NOT NULL, 
	days DOUBLE PRECISION, 
	PRIMARY KEY (id)
);

CREATE TABLE genders (
	id BIGINT NOT NULL, 
	name TEXT, 
	PRIMARY KEY (id)
);

CREATE TABLE isi_experiments (
	id BIGINT NOT NULL, 
	PRIMARY KEY (id)
);

CREATE TABLE stimulus_namespaces (
	id BIGINT NOT NULL, 
	name TEXT, 
	PRIMARY KEY (id)
);

CREATE TABLE structures (
	id BIGINT NOT NULL, 
	acronym TEXT, 
	PRIMARY KEY (id)
);

CREATE TABLE well_known_file_types (
	id BIGINT NOT NULL, 
	name TEXT, 
	PRIMARY KEY (id)
);

CREATE TABLE donors (
	id BIGINT NOT NULL, 
	full_genotype TEXT, 
	gender_id BIGINT, 
	age_id BIGINT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(gender_id) REFERENCES genders (id), 
	FOREIGN KEY(age_id) REFERENCES ages (id)
);

CREATE INDEX ix_donors_age_id ON donors (age_id);

CREATE INDEX ix_donors_gender_id ON donors (gender_id);

CREATE TABLE well_known_files (
	id BIGINT NOT NULL, 
	attachable_type TEXT, 
	attachable_id BIGINT, 
	well_known_file_type_id BIGINT, 
	filename TEXT, 
	storage_directory TEXT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(well_known_file_type_id) REFERENCES well_known_file_types (id)
);

CREATE INDEX ix_well_known_files_attachable ON well_known_files (attachable_type, attachable_id);

CREATE INDEX ix_well_known_files_well_known_file_type_id ON well_known_files (well_known_file_type_id);

CREATE TABLE specimens (
	id BIGINT NOT NULL, 
	donor_id BIGINT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(donor_id) REFERENCES donors (id)
);

CREATE INDEX ix_specimens_donor_id ON specimens (donor_id);

CREATE TABLE stimuli (
	id BIGINT NOT NULL, 
	name TEXT, 
	stimulus_namespace_id BIGINT, 
	well_known_file_id BIGINT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(stimulus_namespace_id) REFERENCES stimulus_namespaces (id), 
	FOREIGN KEY(well_known_file_id) REFERENCES well_known_files (id)
);

CREATE INDEX ix_stimuli_stimulus_namespace_id ON stimuli (stimulus_namespace_id);

CREATE INDEX ix_stimuli_well_known_file_id ON stimuli (well_known_file_id);

CREATE TABLE ecephys_sessions (
	id BIGINT NOT NULL, 
	specimen_id BIGINT, 
	stimulus_name TEXT, 
	isi_experiment_id BIGINT, 
	date_of_acquisition TIMESTAMP WITHOUT TIME ZONE, 
	published_at TIMESTAMP WITHOUT TIME ZONE, 
	workflow_state TEXT, 
	habituation BOOLEAN, 
	PRIMARY KEY (id), 
	FOREIGN KEY(specimen_id) REFERENCES specimens (id), 
	FOREIGN KEY(isi_experiment_id) REFERENCES isi_experiments (id)
);

CREATE INDEX ix_ecephys_sessions_isi_experiment_id ON ecephys_sessions (isi_experiment_id);

CREATE INDEX ix_ecephys_sessions_specimen_id ON ecephys_sessions (specimen_id);

CREATE TABLE ecephys_analysis_runs (
	id BIGINT NOT NULL, 
	ecephys_session_id BIGINT NOT NULL, 
	current BOOLEAN, 
	PRIMARY KEY (id), 
	FOREIGN KEY(ecephys_session_id) REFERENCES ecephys_sessions (id)
);

CREATE INDEX ix_ecephys_analysis_runs_ecephys_session_id ON ecephys_analysis_runs (ecephys_session_id);

CREATE TABLE ecephys_probes (
	id BIGINT NOT NULL, 
	ecephys_session_id BIGINT NOT NULL, 
	name TEXT, 
	phase TEXT, 
	global_probe_sampling_rate DOUBLE PRECISION, 
	global_probe_lfp_sampling_rate DOUBLE PRECISION, 
	temporal_subsampling_factor DOUBLE PRECISION, 
	air_channel_index BIGINT, 
	surface_channel_index BIGINT, 
	use_lfp_data BOOLEAN, 
	workflow_state TEXT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(ecephys_session_id) REFERENCES ecephys_sessions (id)
);

CREATE INDEX ix_ecephys_probes_ecephys_session_id ON ecephys_probes (ecephys_session_id);

CREATE TABLE ecephys_analysis_run_probes (
	id BIGINT NOT NULL, 
	ecephys_analysis_run_id BIGINT NOT NULL, 
	ecephys_probe_id BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(ecephys_analysis_run_id) REFERENCES ecephys_analysis_runs (id), 
	FOREIGN KEY(ecephys_probe_id) REFERENCES ecephys_probes (id)
);

CREATE INDEX ix_ecephys_analysis_run_probes_ecephys_analysis_run_id ON ecephys_analysis_run_probes (ecephys_analysis_run_id);

CREATE INDEX ix_ecephys_analysis_run_probes_ecephys_probe_id ON ecephys_analysis_run_probes (ecephys_probe_id);

CREATE TABLE ecephys_channels (
	id BIGINT NOT NULL, 
	ecephys_probe_id BIGINT NOT NULL, 
	local_index BIGINT, 
	probe_vertical_position BIGINT, 
	probe_horizontal_position BIGINT, 
	manual_structure_id BIGINT, 
	anterior_posterior_ccf_coordinate DOUBLE PRECISION, 
	dorsal_ventral_ccf_coordinate DOUBLE PRECISION, 
	left_right_ccf_coordinate DOUBLE PRECISION, 
	valid_data BOOLEAN, 
	PRIMARY KEY (id), 
	FOREIGN KEY(ecephys_probe_id) REFERENCES ecephys_probes (id), 
	FOREIGN KEY(manual_structure_id) REFERENCES structures (id)
);

CREATE INDEX ix_ecephys_channels_ecephys_probe_id ON ecephys_channels (ecephys_probe_id);

CREATE INDEX ix_ecephys_channels_manual_structure_id ON ecephys_channels (manual_structure_id);

CREATE TABLE ecephys_units (
	id BIGINT NOT NULL, 
	ecephys_channel_id BIGINT NOT NULL, 
	quality TEXT, 
	snr DOUBLE PRECISION, 
	firing_rate DOUBLE PRECISION, 
	isi_violations DOUBLE PRECISION, 
	presence_ratio DOUBLE PRECISION, 
	amplitude_cutoff DOUBLE PRECISION, 
	isolation_distance DOUBLE PRECISION, 
	l_ratio DOUBLE PRECISION, 
	d_prime DOUBLE PRECISION, 
	nn_hit_rate DOUBLE PRECISION, 
	nn_miss_rate DOUBLE PRECISION, 
	silhouette_score DOUBLE PRECISION, 
	max_drift DOUBLE PRECISION, 
	cumulative_drift DOUBLE PRECISION, 
	epoch_name_quality_metrics TEXT, 
	epoch_name_waveform_metrics TEXT, 
	duration DOUBLE PRECISION, 
	halfwidth DOUBLE PRECISION, 
	"PT_ratio" DOUBLE PRECISION, 
	repolarization_slope DOUBLE PRECISION, 
	recovery_slope DOUBLE PRECISION, 
	amplitude DOUBLE PRECISION, 
	spread DOUBLE PRECISION, 
	velocity_above DOUBLE PRECISION, 
	velocity_below DOUBLE PRECISION, 
	PRIMARY KEY (id), 
	FOREIGN KEY(ecephys_channel_id) REFERENCES ecephys_channels (id)
);

CREATE INDEX ix_ecephys_units_ecephys_channel_id ON ecephys_units (ecephys_channel_id);

CREATE TABLE ecephys_unit_metric_bundles (
	id BIGINT NOT NULL, 
	ecephys_unit_id BIGINT NOT NULL, 
	ecephys_analysis_run_id BIGINT NOT NULL, 
	data JSON, 
	PRIMARY KEY (id), 
	FOREIGN KEY(ecephys_unit_id) REFERENCES ecephys_units (id), 
	FOREIGN KEY(ecephys_analysis_run_id) REFERENCES ecephys_analysis_runs (id)
);

CREATE INDEX ix_ecephys_unit_metric_bundles_ecephys_analysis_run_id ON ecephys_unit_metric_bundles (ecephys_analysis_run_id);

CREATE INDEX ix_ecephys_unit_metric_bundles_ecephys_unit_id ON ecephys_unit_metric_bundles (ecephys_unit_id);
