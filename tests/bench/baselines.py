"""What a user would otherwise run: AllenSDK's way through psycopg2, and the least that any way must do."""

import pandas as pd
import psycopg2
import psycopg2.extras

_PARENTS = """
join ecephys_channels c on c.id = u.ecephys_channel_id
join ecephys_probes p on p.id = c.ecephys_probe_id
join ecephys_sessions s on s.id = p.ecephys_session_id
"""
_UNITS = f"""
select u.id, u.ecephys_channel_id, u.quality, u.snr, u.firing_rate, u.isi_violations, u.presence_ratio,
  u.amplitude_cutoff, u.isolation_distance, u.l_ratio, u.d_prime, u.nn_hit_rate, u.nn_miss_rate,
  u.silhouette_score, u.max_drift, u.cumulative_drift, u.epoch_name_quality_metrics,
  u.epoch_name_waveform_metrics, u.duration, u.halfwidth, u."PT_ratio", u.repolarization_slope,
  u.recovery_slope, u.amplitude, u.spread, u.velocity_above, u.velocity_below
from ecephys_units u {_PARENTS}
where c.valid_data and p.workflow_state <> 'failed' and s.workflow_state <> 'failed' and not s.habituation
"""
# AllenSDK stops at a bundle without data, so this spares it those.
_METRICS = f"""
select b.data, b.ecephys_unit_id
from ecephys_unit_metric_bundles b
join ecephys_analysis_runs r on r.id = b.ecephys_analysis_run_id
join ecephys_units u on u.id = b.ecephys_unit_id {_PARENTS}
where r.current and b.data is not null
"""


def allensdk_units(url):
    return _selected(url, _UNITS).set_index("id")


def allensdk_metrics(url):
    frame = _selected(url, _METRICS)
    data = pd.DataFrame(frame.pop("data").tolist(), index=frame.index)
    return pd.concat([frame, data], axis=1).set_index("ecephys_unit_id")


def _selected(url, sql):
    # A connection per query, all rows at once as dicts.
    connection = psycopg2.connect(url, cursor_factory=psycopg2.extras.RealDictCursor)
    try:
        cursor = connection.cursor()
        cursor.execute(sql)
        return pd.DataFrame(cursor.fetchall())
    finally:
        connection.close()


def copy_and_discard(url, sql):
    import psycopg

    with (
        psycopg.connect(url) as connection,
        connection.cursor().copy(f"copy ({sql}) to stdout (format binary)") as copy,
    ):
        for _ in copy:
            pass


def adbc_to_parquet(url, sql, path):
    import adbc_driver_postgresql.dbapi as adbc
    import pyarrow.parquet as pq

    with adbc.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        reader = cursor.fetch_record_batch()
        with pq.ParquetWriter(path, reader.schema, compression="zstd") as writer:
            for batch in reader:
                writer.write_batch(batch)
