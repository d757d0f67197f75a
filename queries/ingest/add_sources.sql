-- id: add_sources
-- title: What a segment holds of each file
insert into sources
select unnest(
    $rows::struct(
        evidence varchar, path varchar, lines ubigint, covered ubigint, events ubigint,
        text ubigint, bytes ubigint, formats struct(chain varchar, events ubigint)[],
        first_ts timestamp, last_ts timestamp, seconds double, is_complete boolean,
        next_offset ubigint, held ubigint[])[],
    max_depth := 2)
