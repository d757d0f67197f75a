-- id: scratch
-- title: Tables that a chunk left behind
select table_name
from duckdb_tables()
where temporary and regexp_matches(table_name, '^(out|used|level|cited|left)_\d+$|^blank_hosts$')
