-- A row for each kind of crime that a faction has carried out: success, respect, days and pay.
CREATE OR REPLACE VIEW `torn.crime_overview` AS
SELECT
  c.faction_id, c.name, c.difficulty,
  COUNT(*) AS crimes,
  SUM(CASE WHEN c.status = 'Successful' THEN 1 ELSE 0 END) AS successful,
  SUM(CASE WHEN c.status = 'Failure' THEN 1 ELSE 0 END) AS failed,
  SUM(CASE WHEN c.status = 'Successful' THEN 1 ELSE 0 END) * 1.0 / COUNT(*) AS success_rate,
  AVG(CASE WHEN c.status = 'Successful' THEN c.rewards_respect END) AS average_respect,
  AVG(CASE WHEN c.status = 'Successful' THEN c.rewards_money END) AS average_money,
  AVG((TIMESTAMP_DIFF(c.executed_at, c.planning_at, SECOND) * 1.0 / 86400)) AS average_days,
  MAX(s.positions) AS positions,
  SUM(CASE WHEN c.status = 'Successful' AND c.rewards_money IS NOT NULL AND (TIMESTAMP_DIFF(c.executed_at, c.planning_at, SECOND) * 1.0 / 86400) > 0 THEN c.rewards_money END) * 1.0
    / SUM(CASE WHEN c.status = 'Successful' AND c.rewards_money IS NOT NULL AND (TIMESTAMP_DIFF(c.executed_at, c.planning_at, SECOND) * 1.0 / 86400) > 0 THEN s.positions * (TIMESTAMP_DIFF(c.executed_at, c.planning_at, SECOND) * 1.0 / 86400) END) AS pay_per_position_per_day
FROM (SELECT * FROM `torn.crimes` WHERE _deleted_at IS NULL) AS c
LEFT JOIN (
  SELECT faction_id, crime_id, COUNT(*) AS positions
  FROM (SELECT * FROM `torn.crime_slots` WHERE _deleted_at IS NULL) AS one_slot
  GROUP BY faction_id, crime_id
) AS s ON s.faction_id = c.faction_id AND s.crime_id = c.id
WHERE c.status IN ('Successful', 'Failure')
GROUP BY c.faction_id, c.name, c.difficulty;
