-- The dearest resources since a day: what each cost, what a commitment paid of it, when it was seen. One row has no
-- resource: the charges that name none.
SELECT resource_id, currency, recent, covered, recent_days, all_recent, all_resources, first_day, last_day,
       resource_name, resource_type, provider, service, region, account, tags
FROM (SELECT resource_id, currency, coalesce(sum(effective_sum), 0) AS recent, count(DISTINCT charge_day) AS recent_days,
             coalesce(sum(CASE WHEN commitment_status = 'Used' THEN effective_sum END), 0) AS covered,
             min(charge_day) AS first_day, max(charge_day) AS last_day,
             max(resource_name COLLATE "C") AS resource_name, max(resource_type COLLATE "C") AS resource_type, max(provider COLLATE "C") AS provider,
             max(service COLLATE "C") AS service, max(region COLLATE "C") AS region, max(account COLLATE "C") AS account, max(tags COLLATE "C") AS tags,
             sum(sum(effective_sum)) OVER (PARTITION BY currency) AS all_recent,
             count(*) OVER (PARTITION BY currency) AS all_resources
      FROM focus
      WHERE category = 'Usage' AND coalesce(charge_class, '') <> 'Correction' AND charge_day >= CAST(%(since)s AS DATE)
      GROUP BY resource_id, currency) AS spent
ORDER BY resource_id IS NOT NULL, recent DESC, resource_id
LIMIT %(top)s
