-- id: macros
-- title: What several formats need, said once

-- A wall-clock time as UTC. A zone that the analyst gave wins, else UTC is assumed.
create or replace temp macro in_utc(wall, zone) as
    if(zone is null, wall, timezone('UTC', timezone(zone, wall)));

-- How good a time without a zone of its own is: guessed, or the analyst's word. Such times can be
-- corrected later, so they never become `exact`.
create or replace temp macro zone_quality(zone) as
    if(zone is null, 'inferred_zone', 'set_zone');

-- How good a time without year and zone of its own is.
create or replace temp macro year_quality(year, zone) as
    if(year is null, 'inferred_year', 'set_year');

-- `Mar  3 14:05:06[.123456]` as a wall-clock time. The year is the analyst's, else the latest one
-- that does not put the line more than a day after the file was last written.
create or replace temp macro dated(text, year, file_ts) as (
    coalesce(
        try_strptime(coalesce(year, year(file_ts))::varchar || ' ' || text,
            ['%Y %b %d %H:%M:%S', '%Y %b %d %H:%M:%S.%f']),
        -- 29 February exists only in some years: the last leap year
        try_strptime((coalesce(year, year(file_ts)) - coalesce(year, year(file_ts)) % 4)::varchar
            || ' ' || text, ['%Y %b %d %H:%M:%S', '%Y %b %d %H:%M:%S.%f'])
    )
    - to_years(if(
        year is null
        and try_strptime(year(file_ts)::varchar || ' ' || text,
            ['%Y %b %d %H:%M:%S', '%Y %b %d %H:%M:%S.%f']) > file_ts + interval 1 day,
        1, 0))
);

-- An RFC 3339 or ISO 8601 time with any number of fraction digits as UTC microseconds; null if none.
create or replace temp macro iso_ts(text) as
    try_cast(try_cast(text as timestamptz) as timestamp);

-- One text value of a JSON document at a JSON path; null for JSON null.
create or replace temp macro jtext(document, path) as
    nullif(json_extract_string(document, path), 'null');
