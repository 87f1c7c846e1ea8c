-- By the boundaries of a day: a community lies where its territory belongs on that day, forward through what it
-- became, or back to what it was. :boundaries is that day.
--
-- belongs(code, since, until, area): from when on until before when a community's territory lies in an area asked for;
-- divided: when it lies there only in part.

CREATE OR REPLACE TABLE located AS
WITH RECURSIVE began AS (SELECT key::VARCHAR AS area, coalesce(valid_from, DATE '0001-01-01') AS since FROM area),
ended AS (SELECT key::VARCHAR AS area, valid_to FROM area WHERE valid_to IS NOT NULL AND level = 5),
-- Every community seen in facts, in each stretch of time between two changes of anything. What leads people over to
-- a successor is told of a community on the day that it is no more: it lies where it lay.
stretch AS (
    SELECT code, since, until, least(since, coalesce(valid_to, since)) AS day
    FROM (
        SELECT area AS code, since, lead(since, 1, DATE '9999-12-31') OVER (PARTITION BY area ORDER BY since) AS until
        FROM (SELECT DISTINCT area FROM fact)
            CROSS JOIN (SELECT since FROM area_succession UNION SELECT DATE '0001-01-01')
    ) AS each LEFT JOIN ended ON ended.area = code
),
-- what there was before each change; who had territory already, and is no source of the change, kept it
origin AS (
    SELECT since, successor, area FROM area_succession
    UNION
    SELECT s.since, s.successor, s.successor
    FROM area_succession AS s JOIN began ON began.area = s.successor AND began.since < s.since
    WHERE NOT EXISTS (SELECT 1 FROM area_succession AS o WHERE o.since = s.since AND o.area = s.successor)
),
ahead AS (
    SELECT code, since, until, code AS heir, day AS reached FROM stretch WHERE day <= :boundaries
    UNION
    SELECT ahead.code, ahead.since, ahead.until, change.successor, change.since
    FROM ahead JOIN area_succession AS change ON change.area = heir AND change.since > reached
    WHERE change.since <= :boundaries AND NOT EXISTS (
        SELECT 1 FROM area_succession AS s WHERE s.area = heir AND s.since > reached AND s.since < change.since
    )
),
back AS (
    SELECT code, since, until, code AS heir, day AS reached FROM stretch WHERE day > :boundaries
    UNION
    SELECT back.code, back.since, back.until, origin.area, origin.since - 1
    FROM back JOIN origin ON origin.successor = heir AND origin.since <= reached
    WHERE origin.since > :boundaries AND NOT EXISTS (
        SELECT 1 FROM area_succession AS s WHERE s.successor = heir AND s.since <= reached AND s.since > origin.since
    )
)
SELECT code, since, until, heir FROM ahead
WHERE NOT EXISTS (SELECT 1 FROM area_succession AS s WHERE s.area = heir AND s.since > reached AND s.since <= :boundaries)
UNION
SELECT code, since, until, heir FROM back
WHERE NOT EXISTS (SELECT 1 FROM area_succession AS s WHERE s.successor = heir AND s.since <= reached AND s.since > :boundaries);

CREATE OR REPLACE TABLE belongs AS
SELECT code, since, until, area
FROM located CROSS JOIN asked_area
GROUP BY ALL
HAVING bool_and(starts_with(heir, area));

-- Where it was divided nobody knows what to count, as long as the community was there at all.
CREATE OR REPLACE TABLE divided AS
SELECT asked_area.area, code, since, until - 1 AS last_day
FROM located CROSS JOIN asked_area
WHERE NOT EXISTS (SELECT 1 FROM area WHERE key::VARCHAR = code AND level = 5 AND valid_to < since)
GROUP BY ALL
HAVING bool_or(starts_with(heir, asked_area.area)) AND NOT bool_and(starts_with(heir, asked_area.area));
