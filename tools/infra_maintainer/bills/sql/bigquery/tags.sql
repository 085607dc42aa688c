-- Effective cost of usage by owner tag. Grouped by the raw tags first, so that JSON is read once per distinct value.
-- 'team' is the owner's tag here; put yours in its place, twice.
-- Put the name of your FOCUS cost-and-usage table (1.2 or newer) in place of focus_table.
-- FOCUS 1.4 has no ProviderName: use ServiceProviderName there.
WITH focus AS (
  SELECT DATE(ChargePeriodStart) AS charge_day, DATE_TRUNC(DATE(BillingPeriodStart), MONTH) AS billing_month, ProviderName AS provider, ServiceName AS service,
         RegionId AS region, SubAccountId AS account, BillingCurrency AS currency, ChargeCategory AS category,
         ChargeClass AS charge_class, ResourceId AS resource_id, ResourceName AS resource_name,
         ResourceType AS resource_type, Tags AS tags, CommitmentDiscountId AS commitment_id,
         CommitmentDiscountStatus AS commitment_status, CommitmentDiscountType AS commitment_type,
         1 AS rows_n, CAST(BilledCost AS FLOAT64) AS billed_sum, CAST(EffectiveCost AS FLOAT64) AS effective_sum,
         CAST(ListCost AS FLOAT64) AS list_sum, CAST(ContractedCost AS FLOAT64) AS contracted_sum,
         CASE WHEN EffectiveCost = 0 THEN CAST(BilledCost AS FLOAT64) END AS zeroed_billed,
         CASE WHEN COALESCE(ListCost, 0) = 0 THEN CAST(BilledCost AS FLOAT64) END AS unlisted_billed,
         CASE WHEN ListCost > 0 AND ListCost < ContractedCost * 0.999999 THEN 1 END AS inverted_rows,
         CASE WHEN CommitmentDiscountId IS NULL AND PricingCategory = 'Standard' AND ServiceCategory = 'Compute'
              THEN CAST(ListCost AS FLOAT64) END AS open_list,
         CASE WHEN CapacityReservationStatus = 'Unused' THEN CAST(EffectiveCost AS FLOAT64) END AS idle_reservation,
         0 AS bad_values
  FROM focus_table
)
SELECT CASE WHEN tags IS NULL THEN 'none'
            WHEN tags IN ('{}', '[]') THEN 'empty'
            WHEN NULLIF(JSON_VALUE(tags, '$.team'), '') IS NULL THEN 'other_keys'
            ELSE 'owned' END AS state,
       NULLIF(JSON_VALUE(tags, '$.team'), '') AS owner,
       currency, COALESCE(SUM(effective), 0) AS effective, SUM(rows_n) AS rows_n
FROM (SELECT tags, currency, SUM(effective_sum) AS effective, SUM(rows_n) AS rows_n
      FROM focus
      WHERE category = 'Usage' AND COALESCE(charge_class, '') <> 'Correction'
      GROUP BY tags, currency) AS raw
GROUP BY 1, 2, 3
