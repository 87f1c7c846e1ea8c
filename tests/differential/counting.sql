-- Counting over exported facts, for DuckDB. Written from the domain document alone (part 4: populations, periods, mean
-- population, areas that roll up): nothing here comes from the program's own way of computing.
--
-- fact, area, area_succession: an export's files. asked_area(area), asked_period(period, first_day, last_day): what is
-- asked. belongs(code, since, until, area): places_of_the_day.sql or places_of_a_day.sql.

CREATE OR REPLACE TABLE asked AS SELECT * FROM asked_area CROSS JOIN asked_period;

-- Days at whose end people and cards are counted: before a period and at its end, and those of a year before.
CREATE OR REPLACE TABLE asked_day AS
SELECT area, first_day - 1 AS day FROM asked
UNION SELECT area, last_day FROM asked
UNION SELECT area, (first_day - INTERVAL 1 YEAR)::DATE - 1 FROM asked
UNION SELECT area, last_day(last_day - INTERVAL 1 YEAR) FROM asked;

CREATE OR REPLACE TABLE counted AS
SELECT code, era, date_trunc('month', happened_on)::DATE AS month, population, measure, sex,
    CASE WHEN birth_month > 0 THEN make_date(birth_month // 100, birth_month % 100, 1) END AS born,
    parity, detail, sum(value)::HUGEINT AS value
FROM fact JOIN (SELECT DISTINCT code, since AS era, until FROM belongs) AS stretch
    ON code = fact.area AND happened_on >= era AND happened_on < until
GROUP BY ALL
ORDER BY population, measure;

-- What happened in a month, where and to whom.
CREATE OR REPLACE MACRO monthly(who, what, of_sex, from_parity, to_parity, of_detail) AS TABLE
SELECT area, month, sum(value) AS value
FROM counted JOIN belongs ON belongs.code = counted.code AND since = era
WHERE population = who AND measure = what AND (of_sex IS NULL OR sex = of_sex)
    AND (from_parity IS NULL OR parity BETWEEN from_parity AND to_parity)
    AND (of_detail IS NULL OR detail = of_detail)
GROUP BY ALL;

-- What happened within the period.
CREATE OR REPLACE MACRO happened(
    who, what, of_sex := NULL, from_parity := NULL, to_parity := NULL, of_detail := NULL
) AS TABLE
SELECT asked.area, period, coalesce(sum(value), 0)::HUGEINT AS n
FROM asked LEFT JOIN monthly(who, what, of_sex, from_parity, to_parity, of_detail) AS m
    ON m.area = asked.area AND month BETWEEN first_day AND last_day
GROUP BY ALL;

-- The same a year earlier: growth is against the same period of the year before.
CREATE OR REPLACE MACRO happened_a_year_before(who, what, of_detail := NULL) AS TABLE
SELECT asked.area, period, coalesce(sum(value), 0)::HUGEINT AS n
FROM asked LEFT JOIN monthly(who, what, NULL, NULL, NULL, of_detail) AS m
    ON m.area = asked.area AND month + INTERVAL 1 YEAR BETWEEN first_day AND last_day
GROUP BY ALL;

-- What happened to people of an age: full years at the period's end, by birth month; who is not born yet has none.
CREATE OR REPLACE MACRO happened_at_age(who, what, of_sex, from_age, to_age) AS TABLE
SELECT asked.area, period, coalesce(sum(value), 0)::HUGEINT AS n
FROM asked LEFT JOIN (
    SELECT area, month, born, sum(value) AS value
    FROM counted JOIN belongs ON belongs.code = counted.code AND since = era
    WHERE population = who AND measure = what AND (of_sex IS NULL OR sex = of_sex)
    GROUP BY ALL
) AS m ON m.area = asked.area AND month BETWEEN first_day AND last_day
    AND born <= last_day
    AND date_sub('year', born, last_day) BETWEEN from_age AND to_age
GROUP BY ALL;

-- What is held at a day's end: lines say +1 from a day on and -1 until a day.
CREATE OR REPLACE MACRO held_on(who, what) AS TABLE
SELECT asked_day.area, day, coalesce(sum(value), 0)::HUGEINT AS n
FROM asked_day LEFT JOIN belongs ON belongs.area = asked_day.area AND day >= since AND day < until
    LEFT JOIN (
        SELECT code, month, sum(value) AS value FROM counted WHERE population = who AND measure = what GROUP BY ALL
    ) AS m ON m.code = belongs.code AND month <= day
GROUP BY ALL;

CREATE OR REPLACE MACRO held(who, what) AS TABLE
SELECT asked.area, period, n FROM asked JOIN held_on(who, what) AS h ON h.area = asked.area AND day = last_day;

-- People at a day's end: opening + births - deaths + in - out up to it.
CREATE OR REPLACE MACRO people_on(who, of_sex) AS TABLE
SELECT asked_day.area, day, coalesce(sum(value), 0)::HUGEINT AS n
FROM asked_day LEFT JOIN belongs ON belongs.area = asked_day.area AND day >= since AND day < until
    LEFT JOIN (
        SELECT code, month, sum(CASE WHEN measure IN ('death', 'out') THEN -value ELSE value END) AS value
        FROM counted
        WHERE population = who AND measure IN ('opening', 'birth', 'death', 'in', 'out')
            AND (of_sex IS NULL OR sex = of_sex)
        GROUP BY ALL
    ) AS m ON m.code = belongs.code AND month <= day
GROUP BY ALL;

-- The same of those who have an age that day, in full years by birth month.
CREATE OR REPLACE MACRO people_at_age_on(who, of_sex, from_age, to_age) AS TABLE
SELECT asked_day.area, day, coalesce(sum(value), 0)::HUGEINT AS n
FROM asked_day LEFT JOIN belongs ON belongs.area = asked_day.area AND day >= since AND day < until
    LEFT JOIN (
        SELECT code, month, born, sum(CASE WHEN measure IN ('death', 'out') THEN -value ELSE value END) AS value
        FROM counted
        WHERE population = who AND measure IN ('opening', 'birth', 'death', 'in', 'out')
            AND (of_sex IS NULL OR sex = of_sex)
        GROUP BY ALL
    ) AS m ON m.code = belongs.code AND month <= day AND born <= day
        AND date_sub('year', born, day) BETWEEN from_age AND to_age
GROUP BY ALL;

-- Before the period and at its end.
CREATE OR REPLACE MACRO people(who, of_sex := NULL) AS TABLE
SELECT asked.area, period, before.n AS opening, after.n AS closing
FROM asked
    JOIN people_on(who, of_sex) AS before ON before.area = asked.area AND before.day = first_day - 1
    JOIN people_on(who, of_sex) AS after ON after.area = asked.area AND after.day = last_day;

CREATE OR REPLACE MACRO people_at_age(who, of_sex, from_age, to_age) AS TABLE
SELECT asked.area, period, before.n AS opening, after.n AS closing
FROM asked
    JOIN people_at_age_on(who, of_sex, from_age, to_age) AS before
        ON before.area = asked.area AND before.day = first_day - 1
    JOIN people_at_age_on(who, of_sex, from_age, to_age) AS after
        ON after.area = asked.area AND after.day = last_day;

CREATE OR REPLACE MACRO people_a_year_before(who) AS TABLE
SELECT asked.area, period, before.n AS opening, after.n AS closing
FROM asked
    JOIN people_on(who, NULL) AS before
        ON before.area = asked.area AND before.day = (first_day - INTERVAL 1 YEAR)::DATE - 1
    JOIN people_on(who, NULL) AS after
        ON after.area = asked.area AND after.day = last_day(last_day - INTERVAL 1 YEAR);

-- top / top_of over bottom / bottom_of times factor with some decimals, as a whole number of the last decimal; a half
-- goes up (四舍五入: away from zero). Whole numbers all along; NULL without a positive denominator.
CREATE OR REPLACE MACRO rounded(top, top_of, bottom, bottom_of, factor, decimals) AS
CASE WHEN bottom > 0 AND top_of > 0 AND bottom_of > 0 THEN
    sign(top) * ((2 * abs(top)::HUGEINT * bottom_of * factor * (10 ^ decimals)::HUGEINT + bottom * top_of)
        // (2 * bottom * top_of))
END;
