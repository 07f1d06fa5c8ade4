"""The fields that the demo's Alyx shows of rows, where it shows its columns as they are."""

from __future__ import annotations

_LOADERS = ("matlab_loader_function", "python_loader_function")
#: The fields of endpoints that show their columns as they are, others by name.
PLAIN: dict[str, tuple[str, ...]] = {
    "channels": (
        *("id", "trajectory_estimate", "brain_region", "name", "json", "axial", "lateral", "x", "y", "z"),
    ),
    "tasks": (
        *("id", "parents", "session", "data_repository", "status", "name", "priority", "io_charge", "level"),
        *("gpu", "cpu", "ram", "time_out_secs", "time_elapsed_secs", "executable", "graph", "log", "version"),
        *("datetime", "arguments"),
    ),
    "brain-regions": ("id", "acronym", "name", "description", "parent", "related_descriptions"),
    "labs": (
        *("name", "institution", "address", "timezone", "repositories", "reference_weight_pct"),
        *("zscore_weight_pct", "json"),
    ),
    "projects": ("name", "description", "users"),
    "tags": ("id", "json", "name", "description", "protected", "public", "hash"),
    "revisions": ("id", "json", "name", "description", "created_datetime"),
    "procedures": ("id", "name", "json", "description"),
    "dataset-types": ("id", "name", "created_by", "description", "filename_pattern"),
    "data-formats": ("id", "json", "name", "description", "file_extension", *_LOADERS),
    "data-repository": (
        *("name", "timezone", "globus_path", "hostname", "data_url", "repository_type"),
        *("globus_endpoint_id", "globus_is_personal", "json"),
    ),
    "locations": ("name", "lab", "json"),
    "water-type": ("url", "json", "name"),
    "weighings": ("subject", "date_time", "weight", "user", "url"),
    "water-administrations": (
        *("subject", "date_time", "water_administered", "water_type", "user", "url", "session", "adlib"),
    ),
    "water-restriction": ("subject", "start_time", "end_time", "water_type", "reference_weight"),
    "notes": ("id", "user", "date_time", "content_type", "object_id", "text", "image", "json"),
    "surgeries": (
        *("id", "subject", "name", "json", "narrative", "start_time", "end_time", "outcome_type"),
        *("implant_weight", "lab", "location", "users", "procedures"),
    ),
    "fields-of-view": ("id", "imaging_type", "location", "name", "json", "session", "stack", "datasets"),
    "fov-location": (
        *("id", "brain_region", "coordinate_system", "provenance", "x", "y", "z", "n_xyz"),
        *("default_provenance", "auto_datetime"),
    ),
    "imaging-stack": ("id", "slices"),
    "downloads": ("id", "user", "dataset", "count", "json"),
    "data-repository-type": ("url", "json", "name"),
    "data-notices": (
        *("id", "created_by", "datasets", "description_html", "name", "json", "description", "importance"),
        *("created_datetime", "version_affected", "affected_date_start", "affected_date_end"),
    ),
    "water-restricted-subjects": (
        *("nickname", "url", "expected_water", "remaining_water", "reference_weight"),
        *("last_water_restriction", "reference_weight_pct", "zscore_weight_pct"),
    ),
    "chronic-insertions": ("id", "name", "subject", "lab", "model", "start_time", "serial", "json"),
}
#: Relations that are shown as ids nevertheless.
AS_IDS = {
    "channels": ("trajectory_estimate", "brain_region"),
    "tasks": ("parents", "session"),
    "brain-regions": ("parent",),
    "surgeries": ("lab",),
    "water-administrations": ("session",),
}
