CREATE MATERIALIZED VIEW revenue AS
SELECT c.customer_id, c.name, sum(o.amount) AS amount
FROM orders o JOIN customers c ON c.customer_id = o.customer_id
GROUP BY c.customer_id, c.name
