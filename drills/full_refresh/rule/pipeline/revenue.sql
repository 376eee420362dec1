-- One row: what all orders are worth.
CREATE MATERIALIZED VIEW revenue AS
SELECT count(*) AS orders, sum(CAST(gross AS DECIMAL(18, 2))) AS gross FROM orders_raw
