-- Which resources moved between two days of the week before and the day itself, for one series.
SELECT resource_id, currency, sum(CASE WHEN charge_day = $day THEN effective_sum ELSE 0 END) AS after_cost,
       sum(CASE WHEN charge_day = $before THEN effective_sum ELSE 0 END) AS before_cost
FROM focus
WHERE category = 'Usage' AND coalesce(charge_class, '') <> 'Correction' AND service = $service AND currency = $currency
      AND coalesce(account, '') = $account AND charge_day IN ($day, $before)
GROUP BY resource_id, currency
ORDER BY abs(sum(CASE WHEN charge_day = $day THEN effective_sum ELSE -effective_sum END)) DESC, resource_id
LIMIT 3
