CREATE OR REPLACE VIEW bi.dim_dates AS
SELECT d::date AS calendar_date, extract(year FROM d)::integer AS calendar_year,
    extract(quarter FROM d)::integer AS calendar_quarter, extract(month FROM d)::integer AS calendar_month,
    extract(day FROM d)::integer AS day_of_month, extract(isoyear FROM d)::integer AS iso_year,
    extract(week FROM d)::integer AS iso_week, extract(isodow FROM d)::integer AS iso_day_of_week,
    extract(isodow FROM d) IN (6, 7) AS is_weekend, 'provisional'::text AS calendar_status
FROM generate_series(
    (SELECT least(date_trunc('year', min(occurred_at) AT TIME ZONE 'UTC'), timestamp '2020-01-01') FROM fact),
    timestamp '2035-12-31', interval '1 day'
) AS days(d);

COMMENT ON VIEW bi.dim_dates IS 'One row per day from the year of the earliest fact, at the latest 2020, to 2035 / 日期维度：自最早事实所在年份（不晚于 2020 年）至 2035 年每天一行';
COMMENT ON COLUMN bi.dim_dates.calendar_date IS 'The day / 日期';
COMMENT ON COLUMN bi.dim_dates.calendar_year IS 'Year / 年';
COMMENT ON COLUMN bi.dim_dates.calendar_quarter IS 'Quarter, 1 to 4 / 季度（1 至 4）';
COMMENT ON COLUMN bi.dim_dates.calendar_month IS 'Month, 1 to 12 / 月（1 至 12）';
COMMENT ON COLUMN bi.dim_dates.day_of_month IS 'Day of the month / 日';
COMMENT ON COLUMN bi.dim_dates.iso_year IS 'Year that the ISO week belongs to / ISO 周所属年';
COMMENT ON COLUMN bi.dim_dates.iso_week IS 'ISO week, 1 to 53 / ISO 周（1 至 53）';
COMMENT ON COLUMN bi.dim_dates.iso_day_of_week IS '1 is Monday, 7 is Sunday / 星期：1 为周一，7 为周日';
COMMENT ON COLUMN bi.dim_dates.is_weekend IS 'Saturday or Sunday; make-up workdays are not known yet / 是否周末；尚未计入调休';
COMMENT ON COLUMN bi.dim_dates.calendar_status IS
    'provisional: official holidays are not loaded yet / provisional 暂定：尚未载入官方节假日';

GRANT SELECT ON bi.dim_dates TO bi_reader;
