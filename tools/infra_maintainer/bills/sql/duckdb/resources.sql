-- The dearest resources since a day: what each cost, what a commitment paid of it, when it was seen. One row has no
-- resource: the charges that name none. Names are read for the dearest only: they are most of a row's bytes.
WITH dearest AS (
  SELECT resource_id, currency, coalesce(sum(effective_sum), 0) AS recent,
         -- one bit a day: a part of the work of count(DISTINCT), for the 30-odd days since
         bit_count(bit_or(CAST(1 AS BIGINT) << CAST(least(charge_day - $since, 62) AS BIGINT))) AS recent_days,
         coalesce(sum(CASE WHEN commitment_status = 'Used' THEN effective_sum END), 0) AS covered,
         min(charge_day) AS first_day, max(charge_day) AS last_day,
         sum(sum(effective_sum)) OVER (PARTITION BY currency) AS all_recent,
         count(*) OVER (PARTITION BY currency) AS all_resources
  FROM focus
  WHERE category = 'Usage' AND coalesce(charge_class, '') <> 'Correction' AND charge_day >= $since
  GROUP BY resource_id, currency
  ORDER BY resource_id IS NOT NULL, recent DESC, resource_id
  LIMIT $top
),
described AS (
  SELECT resource_id, currency, max(resource_name) AS resource_name, max(resource_type) AS resource_type,
         max(provider) AS provider, max(service) AS service, max(region) AS region, max(account) AS account,
         max(tags) AS tags
  FROM focus
  WHERE category = 'Usage' AND coalesce(charge_class, '') <> 'Correction' AND charge_day >= $since
        AND (resource_id IN (SELECT resource_id FROM dearest WHERE resource_id IS NOT NULL) OR resource_id IS NULL)
  GROUP BY resource_id, currency
)
SELECT dearest.resource_id AS resource_id, dearest.currency AS currency, recent, covered, recent_days, all_recent,
       all_resources, first_day, last_day, resource_name, resource_type, provider, service, region, account, tags
FROM dearest
LEFT JOIN described
  ON described.resource_id IS NOT DISTINCT FROM dearest.resource_id
     AND described.currency IS NOT DISTINCT FROM dearest.currency
ORDER BY dearest.resource_id IS NOT NULL, recent DESC, dearest.resource_id
