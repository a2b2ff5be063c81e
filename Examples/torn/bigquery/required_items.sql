-- A row for each item that a position of a crime needs: how many open slots lack it, at what cost.
CREATE OR REPLACE VIEW `torn.required_items` AS
SELECT
  c.faction_id, c.name, c.difficulty, s.position,
  s.item_requirement_id AS item_id, t.name AS item_name,
  MAX(s.item_requirement_is_reusable) AS is_reusable,
  COUNT(*) AS slots,
  SUM(CASE WHEN c.status IN ('Recruiting', 'Planning') THEN 1 ELSE 0 END) AS open_slots,
  SUM(CASE WHEN c.status IN ('Recruiting', 'Planning') AND NOT s.item_requirement_is_available THEN 1 ELSE 0 END) AS lacking,
  t.market_price,
  SUM(CASE WHEN c.status IN ('Recruiting', 'Planning') AND NOT s.item_requirement_is_available THEN 1 ELSE 0 END) * t.market_price AS cost_of_lacking
FROM (SELECT * FROM `torn.crimes` WHERE _deleted_at IS NULL) AS c
JOIN (SELECT * FROM `torn.crime_slots` WHERE _deleted_at IS NULL) AS s ON s.faction_id = c.faction_id AND s.crime_id = c.id
LEFT JOIN (
  SELECT id, MAX(name) AS name, MAX(value_market_price) AS market_price
  FROM (SELECT * FROM `torn.items` WHERE _deleted_at IS NULL) AS one_item
  GROUP BY id
) AS t ON t.id = s.item_requirement_id
WHERE s.item_requirement_id IS NOT NULL
GROUP BY c.faction_id, c.name, c.difficulty, s.position, s.item_requirement_id, t.name, t.market_price;
