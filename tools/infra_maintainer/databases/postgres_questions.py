"""The questions that are ever put to a PostgreSQL, by name. All of them only read system views."""

from infra_maintainer.databases.postgres_health_questions import HEALTH_QUESTIONS

QUESTIONS: dict[str, str] = {
    **HEALTH_QUESTIONS,
    "role": """
        SELECT pg_has_role(current_user, 'pg_monitor', 'usage') OR rolsuper, pg_is_in_recovery(),
               current_setting('server_version_num')::int
        FROM pg_roles WHERE rolname = current_user""",
    "limits": """
        SELECT current_setting('max_connections')::int, current_setting('superuser_reserved_connections')::int,
               coalesce(current_setting('reserved_connections', true), '0')::int,
               current_setting('autovacuum_freeze_max_age')::bigint""",
    # idle_in_transaction and waits are NULL-free only for a role that sees other sessions
    "sessions": """
        SELECT count(*) FILTER (WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()),
               count(*) FILTER (WHERE state = 'active' AND pid <> pg_backend_pid()),
               count(*) FILTER (WHERE state LIKE 'idle in transaction%'),
               coalesce(extract(epoch FROM max(now() - state_change)
                   FILTER (WHERE state LIKE 'idle in transaction%')), 0),
               coalesce(extract(epoch FROM max(now() - query_start) FILTER (
                   WHERE state = 'active' AND pid <> pg_backend_pid() AND backend_type = 'client backend')), 0),
               count(*) FILTER (WHERE wait_event_type = 'Lock')
        FROM pg_stat_activity""",
    "blocked": """
        SELECT b.pid, (pg_blocking_pids(b.pid))[1], coalesce(extract(epoch FROM now() - b.query_start), 0),
               coalesce(h.state, '?'), left(coalesce(h.query, ''), 300)
        FROM pg_stat_activity b LEFT JOIN pg_stat_activity h ON h.pid = (pg_blocking_pids(b.pid))[1]
        WHERE cardinality(pg_blocking_pids(b.pid)) > 0 ORDER BY 3 DESC LIMIT 20""",
    "statements": """
        SELECT s.queryid::text, s.calls, s.total_exec_time, s.mean_exec_time, s.max_exec_time, s.rows,
               s.shared_blks_hit + s.shared_blks_read, left(s.query, 400),
               sum(s.total_exec_time) OVER (), count(*) OVER ()
        FROM pg_stat_statements s WHERE s.query NOT LIKE '%pg_stat_%' ORDER BY s.total_exec_time DESC LIMIT 15""",
    "statements_info": """
        SELECT dealloc, extract(epoch FROM now() - stats_reset) FROM pg_stat_statements_info""",
    "counters": """
        SELECT sum(blks_hit)::bigint, sum(blks_read)::bigint, sum(xact_commit)::bigint, sum(xact_rollback)::bigint,
               sum(deadlocks)::bigint, sum(temp_bytes)::bigint, extract(epoch FROM clock_timestamp())
        FROM pg_stat_database""",
    # A receiver that only stores the log replays nothing: how far it has written counts. A base backup is no replica.
    "replicas": """
        SELECT coalesce(application_name, '?') || '@' || coalesce(client_addr::text, 'local'), state,
               pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn()
                               END, coalesce(replay_lsn, flush_lsn))::bigint, extract(epoch FROM replay_lag)
        FROM pg_stat_replication WHERE state IS NULL OR state NOT IN ('backup', 'startup') LIMIT 50""",
    "slots": """
        SELECT slot_name, active, coalesce(wal_status, '?'),
               pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn()
                               END, restart_lsn)::bigint
        FROM pg_replication_slots WHERE NOT temporary LIMIT 50""",
    # A quiet primary makes the age of the last transaction grow: only what was received and not replayed is lag.
    # The setting of the primary's address, and the receiver's status, are NULL for a role that may not read them.
    "standby": """
        SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')::bigint,
               pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint,
               extract(epoch FROM now() - pg_last_xact_replay_timestamp()), pg_is_wal_replay_paused(),
               CASE WHEN EXISTS (SELECT FROM pg_stat_wal_receiver)
                    THEN (SELECT status = 'streaming' FROM pg_stat_wal_receiver LIMIT 1) ELSE false END,
               (SELECT setting <> '' FROM pg_settings WHERE name = 'primary_conninfo'),
               extract(epoch FROM current_setting('recovery_min_apply_delay')::interval)
        WHERE pg_is_in_recovery()""",
    "wraparound": """
        SELECT datname, age(datfrozenxid)::bigint, mxid_age(datminmxid)::bigint FROM pg_database
        WHERE datallowconn ORDER BY 2 DESC LIMIT 5""",
    "sequences": """
        SELECT schemaname || '.' || sequencename, last_value, max_value,
               has_sequence_privilege(format('%I.%I', schemaname, sequencename), 'USAGE, SELECT')
        FROM pg_sequences WHERE increment_by > 0 AND NOT cycle
        ORDER BY last_value::float8 / max_value DESC NULLS LAST LIMIT 10""",
    "tables": """
        WITH each AS (
          SELECT s.schemaname || '.' || s.relname AS name, s.seq_scan, s.seq_tup_read,
                 coalesce(s.idx_scan, 0) AS by_index,
                 greatest(s.n_live_tup, c.reltuples, s.seq_tup_read / nullif(s.seq_scan, 0)) > 10000 AS large
            FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid)
        SELECT name, seq_scan, seq_tup_read, by_index, large, (count(*) FILTER (WHERE large) OVER ())::int,
               (sum(seq_scan + by_index) OVER ())::bigint, current_setting('track_counts')::bool
          FROM each ORDER BY large DESC, seq_tup_read DESC LIMIT 10""",
    "role_superusers": """
        SELECT rolname FROM pg_roles WHERE rolsuper AND rolcanlogin AND rolname <> 'postgres' ORDER BY rolname
    """,
    "role_bypassing": """
        SELECT rolname FROM pg_roles WHERE rolbypassrls AND NOT rolsuper AND rolcanlogin ORDER BY rolname
    """,
    "role_owners": """
        SELECT DISTINCT r.rolname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p') AND r.rolcanlogin AND NOT r.rolsuper
           AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY r.rolname
    """,
}
