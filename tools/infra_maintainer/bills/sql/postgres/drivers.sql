-- Which resources moved between two days of the week before and the day itself, for one series.
SELECT resource_id, currency, sum(CASE WHEN charge_day = CAST(%(day)s AS DATE) THEN effective_sum ELSE 0 END) AS after_cost,
       sum(CASE WHEN charge_day = CAST(%(before)s AS DATE) THEN effective_sum ELSE 0 END) AS before_cost
FROM focus
WHERE category = 'Usage' AND coalesce(charge_class, '') <> 'Correction' AND service = %(service)s AND currency = %(currency)s
      AND coalesce(account, '') = %(account)s AND charge_day IN (CAST(%(day)s AS DATE), CAST(%(before)s AS DATE))
GROUP BY resource_id, currency
ORDER BY abs(sum(CASE WHEN charge_day = CAST(%(day)s AS DATE) THEN effective_sum ELSE -effective_sum END)) DESC, resource_id
LIMIT 3
