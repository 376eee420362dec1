-- How far the landing zone had been read when gold was computed: one row per source.
-- A table and not a look at bronze: ingest_on_arrival may read new files between this update and the plan that rests on it.
CREATE OR REFRESH MATERIALIZED VIEW ingested_to
COMMENT 'Newest ingestion that gold rests on, one row per source; NULL before the first.'
TBLPROPERTIES ('quality' = 'gold')
AS SELECT 'orders' AS source, max(_ingested_at) AS ingested_to FROM orders_raw
UNION ALL SELECT 'refunds', max(_ingested_at) FROM refunds_raw
UNION ALL SELECT 'sellers', max(_ingested_at) FROM sellers_raw
