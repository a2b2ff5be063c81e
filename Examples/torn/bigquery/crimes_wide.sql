-- A row for each slot and reward item of each crime, as one flat table; do not add up its money.
CREATE OR REPLACE VIEW `torn.crimes_wide` AS
SELECT
  c._fetched_at AS server_timestamp,
  c.id, c.name, c.difficulty, c.status,
  c.created_at, c.planning_at, c.executed_at, c.ready_at, c.expired_at,
  s.position AS slots_position,
  s.item_requirement_id AS slots_item_requirement_id,
  s.item_requirement_is_reusable AS slots_item_requirement_is_reusable,
  s.item_requirement_is_available AS slots_item_requirement_is_available,
  s.user_id AS slots_user_id, s.user_joined_at AS slots_user_joined_at,
  s.user_progress AS slots_user_progress,
  CAST(NULL AS INT64) AS slots_success_chance,
  s.checkpoint_pass_rate AS slots_crime_pass_rate,
  c.rewards_money, r.item_id AS rewards_items_id, r.quantity AS rewards_items_quantity,
  c.rewards_respect, c.rewards_payout_type, c.rewards_payout_percentage,
  c.rewards_payout_paid_by, c.rewards_payout_paid_at,
  c.faction_id, s.slot_index, r.reward_index
FROM (SELECT * FROM `torn.crimes` WHERE _deleted_at IS NULL) AS c
LEFT JOIN (SELECT * FROM `torn.crime_slots` WHERE _deleted_at IS NULL) AS s ON s.faction_id = c.faction_id AND s.crime_id = c.id
LEFT JOIN (SELECT * FROM `torn.crime_reward_items` WHERE _deleted_at IS NULL) AS r ON r.faction_id = c.faction_id AND r.crime_id = c.id;
