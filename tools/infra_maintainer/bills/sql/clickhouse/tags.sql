-- Effective cost of usage by owner tag. Grouped by the raw tags first, so that JSON is read once per distinct value.
-- JSONExtractString answers '' for an absent key; nullIf keeps "absent" one group and not two.
SELECT CASE WHEN tags IS NULL THEN 'none'
            WHEN NOT isValidJSON(ifNull(tags, '{}')) THEN 'unreadable'
            WHEN tags IN ('{}', '[]') THEN 'empty'
            WHEN JSONExtractString(ifNull(tags, '{}'), {key:String}) = '' THEN 'other_keys'
            ELSE 'owned' END AS state,
       nullIf(JSONExtractString(ifNull(tags, '{}'), {key:String}), '') AS owner,
       currency, coalesce(sum(effective), 0) AS effective, sum(rows_n) AS rows_n
FROM (SELECT tags, currency, coalesce(sum(effective_sum), 0) AS effective, sum(rows_n) AS rows_n
      FROM focus
      WHERE category = 'Usage' AND coalesce(charge_class, '') <> 'Correction'
      GROUP BY tags, currency) AS raw
GROUP BY state, owner, currency
