-- Every indicator of the domain document, part 4, each as its row there says it: for each area and period asked for a
-- numerator top / top_of and a denominator bottom / bottom_of, in whole numbers. Written from that document, not from
-- the definitions that the program evaluates; two decimals, half up, as its worked examples.
--
-- :population, :sex, :from_parity, :to_parity, :from_age, :to_age, :detail are what a figure is asked for (NULL: all).

-- population: × 1, 0 decimals
-- people at the period's end
SELECT area, period, closing AS top, 1 AS top_of, 1 AS bottom, 1 AS bottom_of
FROM people(:population, of_sex := :sex);

-- population by age: × 1, 0 decimals
-- the same, of an age
SELECT area, period, closing AS top, 1 AS top_of, 1 AS bottom, 1 AS bottom_of
FROM people_at_age(:population, :sex, :from_age, :to_age);

-- mean_population: × 1, 1 decimals
-- mean population = (opening + closing) / 2
SELECT area, period, opening + closing AS top, 2 AS top_of, 1 AS bottom, 1 AS bottom_of
FROM people(:population, of_sex := :sex);

-- mean_population by age: × 1, 1 decimals
-- the same, of an age
SELECT area, period, opening + closing AS top, 2 AS top_of, 1 AS bottom, 1 AS bottom_of
FROM people_at_age(:population, :sex, :from_age, :to_age);

-- births: × 1, 0 decimals
-- live births
SELECT area, period, n AS top, 1 AS top_of, 1 AS bottom, 1 AS bottom_of
FROM happened(:population, 'birth', of_sex := :sex, from_parity := :from_parity, to_parity := :to_parity);

-- deaths: × 1, 0 decimals
-- deaths
SELECT area, period, n AS top, 1 AS top_of, 1 AS bottom, 1 AS bottom_of
FROM happened(:population, 'death', of_sex := :sex);

-- deaths by age: × 1, 0 decimals
-- the same, of an age
SELECT area, period, n AS top, 1 AS top_of, 1 AS bottom, 1 AS bottom_of
FROM happened_at_age(:population, 'death', :sex, :from_age, :to_age);

-- birth_rate: × 1000, 2 decimals
-- live births / mean population × 1000
SELECT area, period, happening.n AS top, 1 AS top_of, opening + closing AS bottom, 2 AS bottom_of
FROM happened(:population, 'birth') AS happening
    JOIN people(:population) USING (area, period);

-- death_rate: × 1000, 2 decimals
-- deaths / mean population × 1000
SELECT area, period, happening.n AS top, 1 AS top_of, opening + closing AS bottom, 2 AS bottom_of
FROM happened(:population, 'death', of_sex := :sex) AS happening
    JOIN people(:population, of_sex := :sex) USING (area, period);

-- death_rate by age: × 1000, 2 decimals
-- the same, of an age
SELECT area, period, happening.n AS top, 1 AS top_of, opening + closing AS bottom, 2 AS bottom_of
FROM happened_at_age(:population, 'death', :sex, :from_age, :to_age) AS happening
    JOIN people_at_age(:population, :sex, :from_age, :to_age) USING (area, period);

-- natural_growth_rate: × 1000, 2 decimals
-- births - deaths / mean population × 1000
SELECT area, period, births.n - deaths.n AS top, 1 AS top_of, opening + closing AS bottom, 2 AS bottom_of
FROM happened(:population, 'birth') AS births
    JOIN happened(:population, 'death') AS deaths USING (area, period)
    JOIN people(:population) USING (area, period);

-- sex_ratio_at_birth: × 100, 2 decimals
-- boys / girls × 100, all and by parity (GB/T 2261.1: 1 male, 2 female)
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'birth', of_sex := 1, from_parity := :from_parity, to_parity := :to_parity) AS part
    JOIN happened(:population, 'birth', of_sex := 2, from_parity := :from_parity, to_parity := :to_parity) AS whole USING (area, period);

-- parity_share: × 100, 2 decimals
-- births of parity n / births × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'birth', from_parity := :from_parity, to_parity := :to_parity) AS part
    JOIN happened(:population, 'birth') AS whole USING (area, period);

-- policy_compliance_rate: × 100, 2 decimals
-- births within the policy of their day / births × 100; births to 2021-05-30 only, as the historic return gives both
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'policy_birth_within') AS part
    JOIN happened(:population, 'policy_birth') AS whole USING (area, period);

-- contraceptive_prevalence: × 100, 2 decimals
-- women using a method / married women 15-49 × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM held(:population, 'method_users_married') AS part
    JOIN held(:population, 'married_women') AS whole USING (area, period);

-- long_acting_share: × 100, 2 decimals
-- IUD + sterilised + implant / users × 100
SELECT area, period, iud.n + sterilised.n + implant.n AS top, 1 AS top_of,
    iud.n + sterilised.n + implant.n + supplies.n + other.n AS bottom, 1 AS bottom_of
FROM held(:population, 'method_iud') AS iud
    JOIN held(:population, 'method_sterilisation') AS sterilised USING (area, period)
    JOIN held(:population, 'method_implant') AS implant USING (area, period)
    JOIN held(:population, 'method_supplies') AS supplies USING (area, period)
    JOIN held(:population, 'method_other') AS other USING (area, period);

-- supplies_use_rate: × 100, 2 decimals
-- users confirmed / users registered × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'supply_user_confirmed') AS part
    JOIN happened(:population, 'supply_user_registered') AS whole USING (area, period);

-- certificate_check_rate: × 100, 2 decimals
-- checks made / checks due × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'check_made') AS part
    JOIN happened(:population, 'check_due') AS whole USING (area, period);

-- notice_rate: × 100, 2 decimals
-- sent / to be sent × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'notice_sent') AS part
    JOIN happened(:population, 'notice_due') AS whole USING (area, period);

-- confirmation_rate: × 100, 2 decimals
-- confirmed / sent × 100, of those that ask for a confirmation (part 3: service and birth notices do)
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'notice_confirmed') AS part
    JOIN happened(:population, 'notice_confirmable') AS whole USING (area, period);

-- reply_on_time_rate: × 100, 2 decimals
-- answered in time / due × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'reply_on_time') AS part
    JOIN happened(:population, 'reply_due') AS whole USING (area, period);

-- examination_rate: × 100, 2 decimals
-- examined / accepted the offer × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'examination_received', of_sex := :sex) AS part
    JOIN happened(:population, 'examination_accepted', of_sex := :sex) AS whole USING (area, period);

-- examination_rate_entitled: × 100, 2 decimals
-- and / entitled × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'examination_received', of_sex := :sex) AS part
    JOIN happened(:population, 'examination_entitled', of_sex := :sex) AS whole USING (area, period);

-- free_service_rate: × 100, 2 decimals
-- received / entitled × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'service_received', of_sex := :sex) AS part
    JOIN happened(:population, 'service_entitled', of_sex := :sex) AS whole USING (area, period);

-- free_service_rate_accepted: × 100, 2 decimals
-- over those who accepted, beside it (part 5)
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'service_received', of_sex := :sex) AS part
    JOIN happened(:population, 'service_accepted', of_sex := :sex) AS whole USING (area, period);

-- supplies_reach_rate: × 100, 2 decimals
-- received / entitled × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'supply_user_reached') AS part
    JOIN happened(:population, 'supply_user_registered') AS whole USING (area, period);

-- prepregnancy_coverage: × 100, 2 decimals
-- couples examined / target couples × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'couple_examined') AS part
    JOIN happened(:population, 'couple_target') AS whole USING (area, period);

-- prepregnancy_coverage_accepted: × 100, 2 decimals
-- over those who accepted, beside it (part 5)
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'couple_examined') AS part
    JOIN happened(:population, 'couple_accepted') AS whole USING (area, period);

-- high_risk_rate: × 100, 2 decimals
-- high-risk persons / persons examined × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'prepregnancy_high_risk') AS part
    JOIN happened(:population, 'prepregnancy_examined') AS whole USING (area, period);

-- late_marriage_rate: × 100, 2 decimals
-- first marriages of women at 23+ / first marriages × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'late_first_marriage') AS part
    JOIN happened(:population, 'first_marriage') AS whole USING (area, period);

-- late_birth_rate: × 100, 2 decimals
-- first births at 24+ / first births × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'late_first_birth') AS part
    JOIN happened(:population, 'first_birth') AS whole USING (area, period);

-- visit_rate: × 100, 2 decimals
-- visits kept / visits accepted × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'visit_kept') AS part
    JOIN happened(:population, 'visit_accepted') AS whole USING (area, period);

-- petition_on_time_rate: × 100, 2 decimals
-- handled in time / received × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'petition_on_time') AS part
    JOIN happened(:population, 'petition_received') AS whole USING (area, period);

-- satisfaction_rate: × 100, 2 decimals
-- satisfied / valid answers × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'satisfaction_satisfied') AS part
    JOIN happened(:population, 'satisfaction_valid') AS whole USING (area, period);

-- awareness_rate: × 100, 2 decimals
-- correct / valid answers × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'awareness_correct') AS part
    JOIN happened(:population, 'awareness_valid') AS whole USING (area, period);

-- employer_agreement_rate: × 100, 2 decimals
-- statements signed / due × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'employer_statement_signed') AS part
    JOIN happened(:population, 'employer_statement_due') AS whole USING (area, period);

-- rental_register_rate: × 100, 2 decimals
-- agreements signed / due × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'rental_agreement_signed') AS part
    JOIN happened(:population, 'rental_agreement_due') AS whole USING (area, period);

-- certificate_issue_rate: × 100, 2 decimals
-- outflow 18-49 with a valid certificate / outflow 18-49 × 100, at the period's end
SELECT area, period, certified.closing AS top, 1 AS top_of, gone.closing AS bottom, 1 AS bottom_of
FROM people_at_age('migrant_out_certified', :sex, 18, 49) AS certified
    JOIN people_at_age('migrant_out', :sex, 18, 49) AS gone USING (area, period);

-- birth_defect_rate: × 1000, 2 decimals
-- defects / perinatal births × 1000, by aggregate return; of a kind: defects of the kind to all perinatal births
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened('office', 'birth_defect', of_detail := :detail) AS part
    JOIN happened('office', 'perinatal_birth') AS whole USING (area, period);

-- perinatal_death_rate: × 1000, 2 decimals
-- beside it, from the same return: stillbirths and early deaths / perinatal births × 1000
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened('office', 'perinatal_death', of_sex := :sex, of_detail := :detail) AS part
    JOIN happened('office', 'perinatal_birth', of_sex := :sex) AS whole USING (area, period);

-- hospital_live_births: × 1, 0 decimals
-- live births in hospital, from the same return
SELECT area, period, n AS top, 1 AS top_of, 1 AS bottom, 1 AS bottom_of
FROM happened(
    'office', 'hospital_live_birth', of_sex := :sex, from_parity := :from_parity, to_parity := :to_parity
);

-- abortion_rate: × 1000, 2 decimals
-- procedures / women 15-49 × 1000; procedures by aggregate return, women of the population at the period's end
SELECT area, period, procedures.n AS top, 1 AS top_of, closing AS bottom, 1 AS bottom_of
FROM happened('office', 'abortion') AS procedures
    JOIN people_at_age(:population, 2, 15, 49) USING (area, period);

-- card_rate: × 100, 2 decimals
-- cards open / cards due × 100, at the period's end
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM held(:population, 'card_open') AS part
    JOIN held(:population, 'card_due') AS whole USING (area, period);

-- benefit_paid_rate: × 100, 2 decimals
-- paid / due × 100, by scheme
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'benefit_paid', of_detail := :detail) AS part
    JOIN happened(:population, 'benefit_due', of_detail := :detail) AS whole USING (area, period);

-- benefit_paid_amount_rate: × 100, 2 decimals
-- the same of amounts, in yuan (facts count fen)
SELECT area, period, part.n AS top, 100 AS top_of, whole.n AS bottom, 100 AS bottom_of
FROM happened(:population, 'benefit_paid_fen', of_detail := :detail) AS part
    JOIN happened(:population, 'benefit_due_fen', of_detail := :detail) AS whole USING (area, period);

-- benefit_due_amount: × 1, 2 decimals
-- amounts in yuan
SELECT area, period, n AS top, 100 AS top_of, 1 AS bottom, 1 AS bottom_of
FROM happened(:population, 'benefit_due_fen', of_detail := :detail);

-- benefit_paid_amount: × 1, 2 decimals
-- amounts in yuan
SELECT area, period, n AS top, 100 AS top_of, 1 AS bottom, 1 AS bottom_of
FROM happened(:population, 'benefit_paid_fen', of_detail := :detail);

-- spend: × 1, 2 decimals
-- spend, yuan
SELECT area, period, n AS top, 100 AS top_of, 1 AS bottom, 1 AS bottom_of
FROM happened('office', 'budget_spent', of_detail := :detail);

-- spend_growth: × 100, 2 decimals
-- its growth: 383.93 after 312.18 is +22.98 %
SELECT area, period, now.n - before.n AS top, 100 AS top_of, before.n AS bottom, 100 AS bottom_of
FROM happened('office', 'budget_spent', of_detail := :detail) AS now
    JOIN happened_a_year_before('office', 'budget_spent', of_detail := :detail) AS before USING (area, period);

-- spend_per_head: × 1, 2 decimals
-- spend / mean population, yuan
SELECT area, period, spent.n AS top, 100 AS top_of, opening + closing AS bottom, 2 AS bottom_of
FROM happened('office', 'budget_spent') AS spent
    JOIN people(:population) USING (area, period);

-- spend_per_head_growth: × 100, 2 decimals
-- and its growth
-- Each year's figure is spend / 100 over (opening + closing) / 2; without one of them there is nothing to compare.
SELECT area, period,
    2 * (now.n * (p.opening + p.closing) - before.n * (q.opening + q.closing)) AS top,
    100 * (p.opening + p.closing) * (q.opening + q.closing) AS top_of, 2 * before.n AS bottom,
    100 * (p.opening + p.closing) AS bottom_of
FROM happened('office', 'budget_spent') AS now
    JOIN happened_a_year_before('office', 'budget_spent') AS before USING (area, period)
    JOIN people_a_year_before(:population) AS p USING (area, period)
    JOIN people(:population) AS q USING (area, period);

-- activities_held: × 1, 0 decimals
-- activity counts
SELECT area, period, n AS top, 1 AS top_of, 1 AS bottom, 1 AS bottom_of
FROM happened('office', 'activity_held', of_detail := :detail);

-- activity_people: × 1, 0 decimals
-- activity counts
SELECT area, period, n AS top, 1 AS top_of, 1 AS bottom, 1 AS bottom_of
FROM happened('office', 'activity_reached', of_detail := :detail);

-- activity_material: × 1, 0 decimals
-- activity counts
SELECT area, period, n AS top, 1 AS top_of, 1 AS bottom, 1 AS bottom_of
FROM happened('office', 'activity_material', of_detail := :detail);

-- supplies_issued: × 1, 0 decimals
-- supplies handed out
SELECT area, period, n AS top, 1 AS top_of, 1 AS bottom, 1 AS bottom_of
FROM happened('office', 'supply_issued');

-- finance_spend: × 1, 2 decimals
-- finance_spend, yuan
SELECT area, period, n AS top, 100 AS top_of, 1 AS bottom, 1 AS bottom_of
FROM happened('office', 'finance_spent', of_detail := :detail);

-- finance_spend_growth: × 100, 2 decimals
-- its growth: 383.93 after 312.18 is +22.98 %
SELECT area, period, now.n - before.n AS top, 100 AS top_of, before.n AS bottom, 100 AS bottom_of
FROM happened('office', 'finance_spent', of_detail := :detail) AS now
    JOIN happened_a_year_before('office', 'finance_spent', of_detail := :detail) AS before USING (area, period);

-- finance_spend_per_head: × 1, 2 decimals
-- finance_spend / mean population, yuan
SELECT area, period, spent.n AS top, 100 AS top_of, opening + closing AS bottom, 2 AS bottom_of
FROM happened('office', 'finance_spent') AS spent
    JOIN people(:population) USING (area, period);

-- finance_spend_rate: × 100, 2 decimals
-- spent of what was planned, as finance returns both
SELECT area, period, part.n AS top, 100 AS top_of, whole.n AS bottom, 100 AS bottom_of
FROM happened('office', 'finance_spent', of_detail := :detail) AS part
    JOIN happened('office', 'finance_planned', of_detail := :detail) AS whole USING (area, period);

-- police_births_agreement: × 100, 2 decimals
-- what the police return / what the register has × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'police_birth', of_sex := :sex) AS part
    JOIN happened(:population, 'birth', of_sex := :sex) AS whole USING (area, period);

-- police_deaths_agreement: × 100, 2 decimals
-- what the police return / what the register has × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'police_death', of_sex := :sex) AS part
    JOIN happened(:population, 'death', of_sex := :sex) AS whole USING (area, period);

-- police_in_agreement: × 100, 2 decimals
-- what the police return / what the register has × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'police_in', of_sex := :sex) AS part
    JOIN happened(:population, 'in', of_sex := :sex) AS whole USING (area, period);

-- police_out_agreement: × 100, 2 decimals
-- what the police return / what the register has × 100
SELECT area, period, part.n AS top, 1 AS top_of, whole.n AS bottom, 1 AS bottom_of
FROM happened(:population, 'police_out', of_sex := :sex) AS part
    JOIN happened(:population, 'out', of_sex := :sex) AS whole USING (area, period);
