-- A row for each slot of each crime, with the names of its member and of the item it needs.
CREATE OR REPLACE VIEW `torn.crimes_named` AS
SELECT
  c.faction_id, c.id AS crime_id, c.name, c.difficulty, c.status,
  c.created_at, c.planning_at, c.ready_at, c.expired_at, c.executed_at,
  s.slot_index, s.position, s.checkpoint_pass_rate,
  s.user_id, m.name AS user_name, s.user_joined_at, s.user_progress, s.user_outcome,
  s.item_requirement_id AS item_id, t.name AS item_name,
  s.item_requirement_is_reusable AS item_is_reusable,
  s.item_requirement_is_available AS item_is_available
FROM (SELECT * FROM `torn.crimes` WHERE _deleted_at IS NULL) AS c
LEFT JOIN (SELECT * FROM `torn.crime_slots` WHERE _deleted_at IS NULL) AS s ON s.faction_id = c.faction_id AND s.crime_id = c.id
LEFT JOIN (
  SELECT faction_id, id, MAX(name) AS name
  FROM `torn.members` AS one_member
  GROUP BY faction_id, id
) AS m ON m.faction_id = s.faction_id AND m.id = s.user_id
LEFT JOIN (
  SELECT id, MAX(name) AS name, MAX(value_market_price) AS market_price
  FROM (SELECT * FROM `torn.items` WHERE _deleted_at IS NULL) AS one_item
  GROUP BY id
) AS t ON t.id = s.item_requirement_id;
