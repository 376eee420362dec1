-- The views of the schema `reporting`, over the ledger. Parameters name objects only: a view may not hold a parameter, so the ledger becomes the
-- current schema and the views' own queries name its tables alone. No view shows more of an account than its last four characters.
USE IDENTIFIER(:catalog || '.' || :ledger_schema);

-- One row per claim. The state is the strongest event that the claim ever had, as in src/payouts/protocol.py: events have no reliable order.
CREATE OR REPLACE VIEW IDENTIFIER(:catalog || '.' || :reporting_schema || '.payouts') AS
SELECT
  claims.settlement_date,
  claims.seller_id,
  claims.currency,
  claims.amount,
  right(claims.payout_account, 4) AS payout_account_ending,
  element_at(array('CLAIMED', 'IN_DOUBT', 'CANCELLED', 'REJECTED', 'ACCEPTED', 'CONFIRMED'), coalesce(events.strength, 1)) AS state,
  claims.claimed_at,
  events.last_event_at
FROM payout_claims AS claims
LEFT JOIN (
  SELECT
    effect_key,
    max(
      CASE event
        WHEN 'CLAIMED' THEN 1 WHEN 'SENT' THEN 2 WHEN 'UNKNOWN' THEN 2 WHEN 'CANCELLED' THEN 3
        WHEN 'REJECTED' THEN 4 WHEN 'ACCEPTED' THEN 5 WHEN 'CONFIRMED' THEN 6
      END
    ) AS strength,
    max(occurred_at) AS last_event_at
  FROM payout_events
  GROUP BY effect_key
) AS events ON events.effect_key = claims.effect_key;

-- One row per settlement date, seller and currency that was due and not claimed, by the newest plan of the date.
CREATE OR REPLACE VIEW IDENTIFIER(:catalog || '.' || :reporting_schema || '.payout_holds') AS
SELECT
  holds.settlement_date,
  holds.seller_id,
  holds.currency,
  holds.amount,
  holds.reason
FROM payout_holds AS holds
INNER JOIN (
  SELECT max_by(plan_id, planned_at) AS plan_id
  FROM settlements
  GROUP BY settlement_date
) AS newest ON newest.plan_id = holds.plan_id;

-- One row per settlement date and source: the newest verdict.
CREATE OR REPLACE VIEW IDENTIFIER(:catalog || '.' || :reporting_schema || '.quality_verdicts') AS
SELECT
  settlement_date,
  source,
  max_by(verdict, judged_at) AS verdict,
  max_by(reason, judged_at) AS reason,
  max_by(window_rows, judged_at) AS window_rows,
  max_by(open_quarantined, judged_at) AS open_quarantined,
  max_by(accepted, judged_at) AS accepted,
  max(judged_at) AS judged_at
FROM quality_verdicts
GROUP BY settlement_date, source;

-- One row per dataset and rule: how many rows have passed and failed it, over all updates on record.
CREATE OR REPLACE VIEW IDENTIFIER(:catalog || '.' || :reporting_schema || '.rule_results') AS
SELECT
  dataset,
  rule,
  severity,
  sum(passed) AS passed,
  sum(failed) AS failed
FROM data_quality
GROUP BY dataset, rule, severity;

-- One row per settlement date, source (its rows) or currency (the money of all sellers), and term: the newest closing balance of the date.
-- The one that closed last of all is_newest.
-- Judged per source, and per seller and currency, before it is summed here: two errors that cancel out stay two unbalanced keys.
CREATE OR REPLACE VIEW IDENTIFIER(:catalog || '.' || :reporting_schema || '.closing_balances') AS
SELECT
  figures.settlement_date,
  figures.scope,
  CASE WHEN figures.scope = 'source' THEN figures.key END AS source,
  figures.currency,
  figures.term,
  sum(figures.figure) AS figure,
  count_if(NOT figures.balanced) AS unbalanced,
  max(figures.closed_at) AS closed_at,
  max(figures.closed_at) = max(max(figures.closed_at)) OVER () AS is_newest
FROM closing_balances AS figures
INNER JOIN (
  SELECT settlement_date, max_by(attempt_key, closed_at) AS attempt_key
  FROM closing_balances
  GROUP BY settlement_date
) AS newest ON newest.attempt_key = figures.attempt_key
GROUP BY figures.settlement_date, figures.scope, CASE WHEN figures.scope = 'source' THEN figures.key END, figures.currency, figures.term;
