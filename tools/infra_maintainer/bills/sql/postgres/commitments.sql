-- Each commitment discount: what was bought, used and unused, month by month.
SELECT commitment_id, commitment_type, billing_month, currency, category, commitment_status, max(provider COLLATE "C") AS provider,
       coalesce(sum(billed_sum), 0) AS billed, coalesce(sum(effective_sum), 0) AS effective, coalesce(sum(list_sum), 0) AS list_cost,
       min(charge_day) AS first_day, max(charge_day) AS last_day, sum(rows_n) AS rows_n
FROM focus
WHERE commitment_id IS NOT NULL
GROUP BY commitment_id, commitment_type, billing_month, currency, category, commitment_status
