-- The dearest resources since a day: what each cost, what a commitment paid of it, when it was seen. One row has no
-- resource: the charges that name none.
SELECT resource_id, currency, recent, covered, recent_days, all_recent, all_resources, first_day, last_day,
       resource_name, resource_type, provider, service, region, account, tags
FROM (SELECT resource_id, currency, coalesce(sum(effective_sum), 0) AS recent, count(DISTINCT charge_day) AS recent_days,
             coalesce(sum(CASE WHEN commitment_status = 'Used' THEN effective_sum END), 0) AS covered,
             min(charge_day) AS first_day, max(charge_day) AS last_day,
             max(resource_name) AS resource_name, max(resource_type) AS resource_type, max(provider) AS provider,
             max(service) AS service, max(region) AS region, max(account) AS account, max(tags) AS tags,
             sum(sum(effective_sum)) OVER (PARTITION BY currency) AS all_recent,
             count(*) OVER (PARTITION BY currency) AS all_resources
      FROM focus
      WHERE category = 'Usage' AND coalesce(charge_class, '') <> 'Correction' AND charge_day >= {since:Date}
      GROUP BY resource_id, currency) AS spent
ORDER BY resource_id IS NOT NULL, recent DESC, resource_id
LIMIT {top:UInt32}
