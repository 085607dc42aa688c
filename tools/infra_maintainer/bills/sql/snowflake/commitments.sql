-- Each commitment discount: what was bought, used and unused, month by month.
-- Put the name of your FOCUS cost-and-usage table (1.2 or newer) in place of focus_table.
-- FOCUS 1.4 has no ProviderName: use ServiceProviderName there.
WITH focus AS (
  SELECT CAST(ChargePeriodStart AS DATE) AS charge_day, CAST(DATE_TRUNC('MONTH', BillingPeriodStart) AS DATE) AS billing_month, ProviderName AS provider, ServiceName AS service,
         RegionId AS region, SubAccountId AS account, BillingCurrency AS currency, ChargeCategory AS category,
         ChargeClass AS charge_class, ResourceId AS resource_id, ResourceName AS resource_name,
         ResourceType AS resource_type, Tags AS tags, CommitmentDiscountId AS commitment_id,
         CommitmentDiscountStatus AS commitment_status, CommitmentDiscountType AS commitment_type,
         1 AS rows_n, CAST(BilledCost AS DOUBLE) AS billed_sum, CAST(EffectiveCost AS DOUBLE) AS effective_sum,
         CAST(ListCost AS DOUBLE) AS list_sum, CAST(ContractedCost AS DOUBLE) AS contracted_sum,
         CASE WHEN EffectiveCost = 0 THEN CAST(BilledCost AS DOUBLE) END AS zeroed_billed,
         CASE WHEN COALESCE(ListCost, 0) = 0 THEN CAST(BilledCost AS DOUBLE) END AS unlisted_billed,
         CASE WHEN ListCost > 0 AND ListCost < ContractedCost * 0.999999 THEN 1 END AS inverted_rows,
         CASE WHEN CommitmentDiscountId IS NULL AND PricingCategory = 'Standard' AND ServiceCategory = 'Compute'
              THEN CAST(ListCost AS DOUBLE) END AS open_list,
         CASE WHEN CapacityReservationStatus = 'Unused' THEN CAST(EffectiveCost AS DOUBLE) END AS idle_reservation,
         0 AS bad_values
  FROM focus_table
)
SELECT commitment_id, commitment_type, billing_month, currency, category, commitment_status, max(provider) AS provider,
       coalesce(sum(billed_sum), 0) AS billed, coalesce(sum(effective_sum), 0) AS effective, coalesce(sum(list_sum), 0) AS list_cost,
       min(charge_day) AS first_day, max(charge_day) AS last_day, sum(rows_n) AS rows_n
FROM focus
WHERE commitment_id IS NOT NULL
GROUP BY commitment_id, commitment_type, billing_month, currency, category, commitment_status
