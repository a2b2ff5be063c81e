-- A row for each successful crime: its money, split between the faction and those who took part.
CREATE OR REPLACE VIEW `torn.crime_earnings` AS
SELECT
  c.faction_id, c.id AS crime_id, c.name, c.difficulty, c.executed_at,
  c.rewards_respect AS respect, c.rewards_money AS money,
  c.rewards_payout_type AS payout_type, c.rewards_payout_percentage AS payout_percentage,
  COALESCE(p.participants, 0) AS participants,
  DIV(c.rewards_money * c.rewards_payout_percentage, NULLIF(100, 0)) AS participants_money,
  c.rewards_money - DIV(c.rewards_money * c.rewards_payout_percentage, NULLIF(100, 0)) AS faction_money,
  DIV(DIV(c.rewards_money * c.rewards_payout_percentage, NULLIF(100, 0)), NULLIF(p.participants, 0)) AS money_per_participant,
  COALESCE(r.quantity, 0) AS reward_items,
  CASE WHEN r.crime_id IS NULL THEN 0 WHEN r.unpriced = 0 THEN r.market_value END AS reward_items_value
FROM (SELECT * FROM `torn.crimes` WHERE _deleted_at IS NULL) AS c
LEFT JOIN (
  SELECT faction_id, crime_id, COUNT(user_id) AS participants
  FROM (SELECT * FROM `torn.crime_slots` WHERE _deleted_at IS NULL) AS one_slot
  GROUP BY faction_id, crime_id
) AS p ON p.faction_id = c.faction_id AND p.crime_id = c.id
LEFT JOIN (
  SELECT
    i.faction_id, i.crime_id, SUM(i.quantity) AS quantity,
    SUM(i.quantity * t.market_price) AS market_value,
    SUM(CASE WHEN i.quantity IS NULL OR t.market_price IS NULL THEN 1 ELSE 0 END) AS unpriced
  FROM (SELECT * FROM `torn.crime_reward_items` WHERE _deleted_at IS NULL) AS i
  LEFT JOIN (
  SELECT id, MAX(name) AS name, MAX(value_market_price) AS market_price
  FROM (SELECT * FROM `torn.items` WHERE _deleted_at IS NULL) AS one_item
  GROUP BY id
) AS t ON t.id = i.item_id
  GROUP BY i.faction_id, i.crime_id
) AS r ON r.faction_id = c.faction_id AND r.crime_id = c.id
WHERE c.status = 'Successful';
