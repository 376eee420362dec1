-- What each seller is owed at the end of a day, payouts not deducted: one row per seller, currency and day with entries.
CREATE OR REFRESH MATERIALIZED VIEW seller_balances
COMMENT 'Balances of sellers by day and currency, in days with entries only.'
TBLPROPERTIES ('quality' = 'gold')
AS SELECT
  seller_id,
  currency,
  entry_date,
  CAST(sum(amount) AS DECIMAL(18, 2)) AS day_amount,
  -- A date that has no row has the balance of the newest row before it.
  CAST(
    sum(sum(amount)) OVER (
      PARTITION BY seller_id, currency
      ORDER BY entry_date
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS DECIMAL(18, 2)
  ) AS balance
FROM balance_entries
GROUP BY seller_id, currency, entry_date
