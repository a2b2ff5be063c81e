-- A row for each member: crimes in 30 and 7 days, best pass rates, what to try at most.
CREATE OR REPLACE VIEW `torn.member_information` AS
SELECT
  m.faction_id, m.id, m.name, m.level, m.position, m.days_in_faction, m.is_in_oc,
  m.last_action_timestamp,
  COALESCE(p.crimes_30d, 0) AS crimes_30d,
  COALESCE(p.crimes_7d, 0) AS crimes_7d,
  COALESCE(p.crimes_30d, 0) * 1.0 / NULLIF(f.crimes_30d, 0) AS participation_30d,
  COALESCE(p.crimes_7d, 0) * 1.0 / NULLIF(f.crimes_7d, 0) AS participation_7d,
  b.best_1 AS best_pass_rate_1,
  b.best_2 AS best_pass_rate_2,
  b.best_3 AS best_pass_rate_3,
  b.best_4 AS best_pass_rate_4,
  b.best_5 AS best_pass_rate_5,
  b.best_6 AS best_pass_rate_6,
  b.best_7 AS best_pass_rate_7,
  b.best_8 AS best_pass_rate_8,
  b.best_9 AS best_pass_rate_9,
  b.best_10 AS best_pass_rate_10,
  CASE WHEN b.best_10 >= 70 THEN 10
    WHEN b.best_9 >= 70 THEN 9
    WHEN b.best_8 >= 70 THEN 8
    WHEN b.best_7 >= 70 THEN 7
    WHEN b.best_6 >= 70 THEN 6
    WHEN b.best_5 >= 70 THEN 5
    WHEN b.best_4 >= 70 THEN 4
    WHEN b.best_3 >= 70 THEN 3
    WHEN b.best_2 >= 70 THEN 2
    WHEN b.best_1 >= 70 THEN 1 END AS recommended_difficulty
FROM (SELECT * FROM `torn.members` WHERE _deleted_at IS NULL) AS m
LEFT JOIN (
  SELECT s.user_id, MAX(CASE WHEN c.difficulty = 1 THEN s.checkpoint_pass_rate END) AS best_1,
    MAX(CASE WHEN c.difficulty = 2 THEN s.checkpoint_pass_rate END) AS best_2,
    MAX(CASE WHEN c.difficulty = 3 THEN s.checkpoint_pass_rate END) AS best_3,
    MAX(CASE WHEN c.difficulty = 4 THEN s.checkpoint_pass_rate END) AS best_4,
    MAX(CASE WHEN c.difficulty = 5 THEN s.checkpoint_pass_rate END) AS best_5,
    MAX(CASE WHEN c.difficulty = 6 THEN s.checkpoint_pass_rate END) AS best_6,
    MAX(CASE WHEN c.difficulty = 7 THEN s.checkpoint_pass_rate END) AS best_7,
    MAX(CASE WHEN c.difficulty = 8 THEN s.checkpoint_pass_rate END) AS best_8,
    MAX(CASE WHEN c.difficulty = 9 THEN s.checkpoint_pass_rate END) AS best_9,
    MAX(CASE WHEN c.difficulty = 10 THEN s.checkpoint_pass_rate END) AS best_10
  FROM (SELECT * FROM `torn.crime_slots` WHERE _deleted_at IS NULL) AS s
  JOIN (SELECT * FROM `torn.crimes` WHERE _deleted_at IS NULL) AS c ON c.faction_id = s.faction_id AND c.id = s.crime_id
  WHERE s.user_id IS NOT NULL AND c.status <> 'Expired'
  GROUP BY s.user_id
) AS b ON b.user_id = m.id
LEFT JOIN (
  SELECT s.faction_id, s.user_id, COUNT(DISTINCT CASE WHEN c.status IN ('Successful', 'Failure') AND TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), c.executed_at, SECOND) BETWEEN 0 AND 2592000 THEN c.id END) AS crimes_30d,
    COUNT(DISTINCT CASE WHEN c.status IN ('Successful', 'Failure') AND TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), c.executed_at, SECOND) BETWEEN 0 AND 604800 THEN c.id END) AS crimes_7d
  FROM (SELECT * FROM `torn.crime_slots` WHERE _deleted_at IS NULL) AS s
  JOIN (SELECT * FROM `torn.crimes` WHERE _deleted_at IS NULL) AS c ON c.faction_id = s.faction_id AND c.id = s.crime_id
  WHERE s.user_id IS NOT NULL
  GROUP BY s.faction_id, s.user_id
) AS p ON p.faction_id = m.faction_id AND p.user_id = m.id
LEFT JOIN (
  SELECT c.faction_id, COUNT(DISTINCT CASE WHEN c.status IN ('Successful', 'Failure') AND TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), c.executed_at, SECOND) BETWEEN 0 AND 2592000 THEN c.id END) AS crimes_30d,
    COUNT(DISTINCT CASE WHEN c.status IN ('Successful', 'Failure') AND TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), c.executed_at, SECOND) BETWEEN 0 AND 604800 THEN c.id END) AS crimes_7d
  FROM (SELECT * FROM `torn.crimes` WHERE _deleted_at IS NULL) AS c
  GROUP BY c.faction_id
) AS f ON f.faction_id = m.faction_id;
