-- What was charged per day, month, provider, service, account, region, currency, category and class of charge.
SELECT charge_day, billing_month, provider, service, account, region, currency,
       category, charge_class, sum(rows_n) AS rows_n, coalesce(sum(billed_sum), 0) AS billed,
       coalesce(sum(effective_sum), 0) AS effective, coalesce(sum(list_sum), 0) AS list_cost,
       coalesce(sum(contracted_sum), 0) AS contracted, coalesce(sum(zeroed_billed), 0) AS zeroed_billed,
       coalesce(sum(unlisted_billed), 0) AS unlisted_billed, coalesce(sum(inverted_rows), 0) AS inverted_rows,
       coalesce(sum(open_list), 0) AS open_list, coalesce(sum(idle_reservation), 0) AS idle_reservation,
       sum(bad_values) AS bad_values
FROM focus
GROUP BY charge_day, billing_month, provider, service, account, region, currency, category, charge_class
