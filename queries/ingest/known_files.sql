-- id: known_files
-- title: What is known of the files that a chunk's rows come from
select *
from files
where file in (select distinct file from raw)
