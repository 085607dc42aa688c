-- The dearest resources since a day: what each cost, what a commitment paid of it, when it was seen. One row has no
-- resource: the charges that name none.
-- Put the name of your FOCUS cost-and-usage table (1.2 or newer) in place of focus_table.
-- FOCUS 1.4 has no ProviderName: use ServiceProviderName there.
WITH focus AS (
  SELECT CAST(ChargePeriodStart AS DATE) AS charge_day, CAST(DATE_TRUNC('month', BillingPeriodStart) AS DATE) AS billing_month, ProviderName AS provider, ServiceName AS service,
         RegionId AS region, SubAccountId AS account, BillingCurrency AS currency, ChargeCategory AS category,
         ChargeClass AS charge_class, ResourceId AS resource_id, ResourceName AS resource_name,
         ResourceType AS resource_type, JSON_FORMAT(CAST(Tags AS JSON)) AS tags, CommitmentDiscountId AS commitment_id,
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
      WHERE category = 'Usage' AND coalesce(charge_class, '') <> 'Correction' AND charge_day >= DATE_ADD('day', -32, CURRENT_DATE)
      GROUP BY resource_id, currency) AS spent
ORDER BY resource_id IS NOT NULL, recent DESC, resource_id
LIMIT 500
