"""The questions on the health of a database's tables and indexes. All of them only read system views and catalogs."""

_OURS = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'"
# Rows changed since the last ANALYZE; NULL where the server does not count, or lost what it counted.
_CHANGED = """CASE WHEN current_setting('track_counts')::bool
                     AND greatest(s.last_analyze, s.last_autoanalyze) IS NOT NULL THEN s.n_mod_since_analyze END"""

HEALTH_QUESTIONS: dict[str, str] = {
    "identity": """
        SELECT system_identifier::text || ' ' || current_database(), pg_is_in_recovery() FROM pg_control_system()""",
    # Statistics survive a clean restart, so without a reset they are at least as old as the server's start.
    "counting": """
        SELECT extract(epoch FROM now() - coalesce(stats_reset, pg_postmaster_start_time())),
               to_char(coalesce(stats_reset, pg_postmaster_start_time()), 'YYYY-MM-DD HH24:MI TZ'),
               stats_reset IS NOT NULL, current_setting('track_counts')::bool, pg_is_in_recovery(),
               (SELECT count(*) FROM pg_stat_user_tables),
               (SELECT count(*) FROM pg_stat_user_indexes), current_database(), current_setting('autovacuum')::bool
        FROM pg_stat_database WHERE datname = current_database()""",
    # Not those that guard something (unique, primary, exclusion, replica identity) or serve a foreign key: they work
    # without being scanned. Partitions count together, because only the whole can be dropped.
    "indexes_unused": """
        WITH used AS (
            SELECT coalesce(pg_partition_root(indexrelid)::oid, indexrelid) AS root, sum(idx_scan) AS scans,
                   sum(pg_relation_size(indexrelid))::bigint AS bytes
            FROM pg_stat_user_indexes GROUP BY 1)
        SELECT n.nspname || '.' || c.relname, n.nspname || '.' || t.relname, used.bytes, i.indexprs IS NOT NULL,
               count(*) OVER (), (sum(used.bytes) OVER ())::bigint,
               CASE WHEN current_setting('track_commit_timestamp')::bool
                    THEN extract(epoch FROM now() - pg_xact_commit_timestamp(i.xmin)) END
        FROM used JOIN pg_index i ON i.indexrelid = used.root JOIN pg_class c ON c.oid = i.indexrelid
        JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE used.scans = 0 AND used.bytes >= 1048576 AND i.indisvalid
          AND NOT (i.indisunique OR i.indisprimary OR i.indisexclusion OR i.indisreplident OR i.indisclustered)
          AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
          AND NOT EXISTS (
            SELECT FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid = i.indrelid
              AND k.conkey <@ (i.indkey::int2[])[0:cardinality(k.conkey) - 1])
        ORDER BY used.bytes DESC LIMIT 20""",
    # The twin that stays is the one that guards something, else the older one. Expressions are written out only where
    # the cheap parts agree: on 15,000 indexes that is the difference between seconds and a moment.
    "indexes_twice": f"""
        WITH alike AS MATERIALIZED (
            SELECT i.indexrelid, n.nspname || '.' || c.relname AS name, c.relam, c.reloptions,
                   count(*) OVER (PARTITION BY i.indrelid, c.relam, i.indnkeyatts, i.indkey::text, i.indclass::text,
                                  i.indcollation::text, i.indoption::text) AS number
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE i.indisvalid AND NOT i.indisexclusion AND NOT c.relispartition AND {_OURS}),
        every AS (
            SELECT i.*, l.name, l.relam, to_jsonb(i) ->> 'indnullsnotdistinct' AS nulls,
                   coalesce(pg_get_expr(i.indexprs, i.indrelid), '') AS expressions,
                   coalesce(pg_get_expr(i.indpred, i.indrelid), '') AS predicate,
                   CASE WHEN m.amname = 'btree' THEN '' ELSE coalesce(l.reloptions::text, '') END AS options,
                   (SELECT string_agg(a.attoptions::text, ',' ORDER BY a.attnum) FROM pg_attribute a
                    WHERE a.attrelid = i.indexrelid) AS column_options,
                   EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid) AS bound
            FROM alike l JOIN pg_index i ON i.indexrelid = l.indexrelid JOIN pg_am m ON m.oid = l.relam
            WHERE l.number > 1)
        SELECT DISTINCT ON (b.indexrelid) b.name, a.name, pg_relation_size(b.indexrelid), b.bound
        FROM every a JOIN every b ON b.indrelid = a.indrelid AND b.relam = a.relam AND b.indnkeyatts = a.indnkeyatts
          AND b.indkey::text = a.indkey::text AND b.indclass::text = a.indclass::text
          AND b.indcollation::text = a.indcollation::text AND b.indoption::text = a.indoption::text
          AND b.expressions = a.expressions AND b.predicate = a.predicate AND b.options = a.options
          AND b.column_options IS NOT DISTINCT FROM a.column_options
        WHERE (NOT b.indisunique OR (a.indisunique AND a.indimmediate = b.indimmediate
               AND a.nulls IS NOT DISTINCT FROM b.nulls))
          AND (a.indisprimary, a.bound, a.indisunique, a.indisreplident, -a.indexrelid::bigint)
            > (b.indisprimary, b.bound, b.indisunique, b.indisreplident, -b.indexrelid::bigint)
        ORDER BY b.indexrelid, a.indisprimary DESC, a.bound DESC, a.indisunique DESC, a.indexrelid LIMIT 100""",
    # An index that is being built right now is not valid yet, and an index over partitions may wait for one of them.
    "indexes_broken": f"""
        SELECT n.nspname || '.' || c.relname, count(*) OVER (),
               (SELECT count(*) FROM pg_stat_progress_create_index
                WHERE datname = current_database() AND relid IS NULL)
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT i.indisvalid AND c.relkind = 'i' AND {_OURS} AND NOT EXISTS (
            SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = c.oid)
        ORDER BY 1 LIMIT 20""",
    "tables_dead": """
        SELECT s.schemaname || '.' || s.relname, s.n_live_tup, s.n_dead_tup,
               extract(epoch FROM now() - greatest(s.last_vacuum, s.last_autovacuum)),
               current_setting('autovacuum')::bool AND coalesce((
                   SELECT option_value::bool FROM pg_options_to_table(c.reloptions)
                   WHERE option_name = 'autovacuum_enabled'), true),
               EXISTS (SELECT FROM pg_stat_progress_vacuum p WHERE p.relid = s.relid)
        FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
        WHERE s.n_dead_tup > 1000 ORDER BY s.n_dead_tup DESC LIMIT 10""",
    # Reads what is not marked all-visible: at most 128 MiB of each of the five largest tables.
    "tables_bloat": f"""
        SELECT t.name, t.bytes, b.dead_tuple_percent + b.approx_free_percent, b.dead_tuple_percent
        FROM (SELECT c.oid, n.nspname || '.' || c.relname AS name, pg_relation_size(c.oid) AS bytes
              FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am m ON m.oid = c.relam
              WHERE c.relkind IN ('r', 'm') AND m.amname = 'heap' AND {_OURS}
                AND pg_relation_size(c.oid) >= 16777216
                AND pg_relation_size(c.oid) / current_setting('block_size')::int - c.relallvisible <= 16384
              ORDER BY bytes DESC LIMIT 5) t, LATERAL pgstattuple_approx(t.oid) b""",
    # pg_stats shows a role only the columns that it may read.
    "tables_width": f"""
        SELECT n.nspname || '.' || c.relname, pg_relation_size(c.oid), c.reltuples::float8,
               {_CHANGED},
               w.width, w.nulls, w.columns,
               (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
               coalesce((SELECT option_value::int FROM pg_options_to_table(c.reloptions)
                         WHERE option_name = 'fillfactor'), 100), current_setting('block_size')::int
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am m ON m.oid = c.relam
        LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
        LEFT JOIN (SELECT schemaname, tablename, sum((1 - null_frac) * avg_width)::float8 AS width,
                          bool_or(null_frac > 0) AS nulls, count(*) AS columns
                   FROM pg_stats WHERE NOT inherited GROUP BY 1, 2) w
               ON w.schemaname = n.nspname AND w.tablename = c.relname
        WHERE c.relkind IN ('r', 'm') AND m.amname = 'heap' AND {_OURS} AND pg_relation_size(c.oid) >= 16777216
        ORDER BY 2 DESC LIMIT 5""",
    # pg_stats keeps the columns of expressions under the index's own name. Rows share an entry (from version 13 on)
    # where equal values are alike byte for byte, which an operator class promises by procedure 4. Of the values that
    # statistics keep, which are those up to 1024 bytes, only lengths leave the server.
    "indexes_width": f"""
        WITH largest AS MATERIALIZED (
            SELECT i.*, n.nspname, c.relname, c.reltuples, c.reloptions, pg_relation_size(c.oid) AS bytes
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_am m ON m.oid = c.relam
            WHERE c.relkind = 'i' AND m.amname = 'btree' AND i.indisvalid AND {_OURS}
              AND pg_relation_size(c.oid) >= 16777216
            ORDER BY bytes DESC LIMIT 10)
        SELECT l.nspname || '.' || l.relname, l.bytes, l.reltuples::float8,
               {_CHANGED},
               coalesce((SELECT option_value::int FROM pg_options_to_table(l.reloptions)
                         WHERE option_name = 'fillfactor'), 90), current_setting('block_size')::int,
               l.indpred IS NOT NULL, l.indisunique,
               current_setting('server_version_num')::int >= 130000 AND l.indnatts = l.indnkeyatts
                   AND coalesce((SELECT option_value::bool FROM pg_options_to_table(l.reloptions)
                                 WHERE option_name = 'deduplicate_items'), true)
                   AND NOT EXISTS (SELECT FROM pg_collation k
                                   WHERE k.oid = ANY (l.indcollation) AND NOT k.collisdeterministic)
                   AND NOT EXISTS (SELECT FROM pg_opclass o WHERE o.oid = ANY (l.indclass) AND NOT EXISTS (
                       SELECT FROM pg_amproc p WHERE p.amprocfamily = o.opcfamily AND p.amprocnum = 4
                         AND p.amproclefttype = o.opcintype AND p.amprocrighttype = o.opcintype)),
               coalesce((SELECT pg_relation_size(t.reltoastrelid) FROM pg_class t
                         WHERE t.oid = l.indrelid AND t.reltoastrelid <> 0), 0),
               (SELECT json_agg(json_build_array(
                           x.attlen, x.attalign, a.attstorage,
                           has_column_privilege(a.attrelid, a.attnum, 'SELECT') AND NOT row_security_active(l.indrelid),
                           w.avg_width, w.null_frac, w.n_distinct,
                           coalesce(c.share, 0), c.number,
                           CASE WHEN y.oid IS NOT NULL THEN coalesce(c.bytes, 0)
                               + (1 - w.null_frac - coalesce(c.share, 0)) * coalesce(h.mean, 0) END,
                           greatest(c.longest, h.longest)) ORDER BY x.attnum)
                FROM pg_attribute x JOIN pg_attribute a
                  ON (l.indkey[x.attnum - 1] <> 0 AND a.attrelid = l.indrelid AND a.attnum = l.indkey[x.attnum - 1])
                  OR (l.indkey[x.attnum - 1] = 0 AND a.attrelid = l.indexrelid AND a.attnum = x.attnum)
                JOIN pg_class r ON r.oid = a.attrelid
                LEFT JOIN pg_stats w ON w.schemaname = l.nspname AND w.tablename = r.relname AND w.attname = a.attname
                                    AND NOT w.inherited
                LEFT JOIN pg_type y ON y.oid = a.atttypid AND y.typcategory = 'S'
                CROSS JOIN LATERAL (
                    SELECT sum(share) AS share, count(share) AS number, sum(share * octet_length(word)) AS bytes,
                           max(octet_length(word)) AS longest
                    FROM unnest(CASE WHEN y.oid IS NOT NULL THEN w.most_common_vals::text::text[] END,
                                w.most_common_freqs) u(word, share)) c
                CROSS JOIN LATERAL (
                    SELECT avg(octet_length(word)) AS mean, max(octet_length(word)) AS longest
                    FROM unnest(CASE WHEN y.oid IS NOT NULL THEN w.histogram_bounds::text::text[] END) u(word)) h
                WHERE x.attrelid = l.indexrelid AND x.attnum > 0)
        FROM largest l LEFT JOIN pg_stat_user_tables s ON s.relid = l.indrelid ORDER BY 2 DESC""",
}
