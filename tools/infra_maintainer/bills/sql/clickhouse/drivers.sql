-- Which resources moved between two days of the week before and the day itself, for one series.
SELECT resource_id, currency, sum(CASE WHEN charge_day = {day:Date} THEN effective_sum ELSE 0 END) AS after_cost,
       sum(CASE WHEN charge_day = {before:Date} THEN effective_sum ELSE 0 END) AS before_cost
FROM focus
WHERE category = 'Usage' AND coalesce(charge_class, '') <> 'Correction' AND service = {service:String} AND currency = {currency:String}
      AND coalesce(account, '') = {account:String} AND charge_day IN ({day:Date}, {before:Date})
GROUP BY resource_id, currency
ORDER BY abs(sum(CASE WHEN charge_day = {day:Date} THEN effective_sum ELSE -effective_sum END)) DESC, resource_id
LIMIT 3
