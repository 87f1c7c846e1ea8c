-- Areas roll up the tree: a community's facts count wherever the code of the area begins its own.
--
-- belongs(code, since, until, area): from when on until before when a community lies in an area asked for; divided:
-- when it lay there only in part.

CREATE OR REPLACE TABLE belongs AS
SELECT code, DATE '0001-01-01' AS since, DATE '9999-12-31' AS until, area
FROM (SELECT DISTINCT area AS code FROM fact) JOIN asked_area ON starts_with(code, area);

CREATE OR REPLACE TABLE divided (area VARCHAR, code VARCHAR, since DATE, last_day DATE);
