-- One row per order that landed.
CREATE MATERIALIZED VIEW orders_raw AS
SELECT order_id, currency, CAST(gross AS DECIMAL(18, 2)) AS gross
FROM VALUES
  ('o1', 'EUR', 120.00),
  ('o2', 'EUR', 80.00),
  ('o3', 'XXX', 60.00),
  ('o4', 'EUR', -5.00),
  ('o5', NULL, 70.00),
  ('o6', 'EUR', NULL) AS landed (order_id, currency, gross)
