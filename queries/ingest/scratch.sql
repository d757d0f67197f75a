-- id: scratch
-- title: Tables and views that a chunk left behind
select table_name, 'table' as kind
from duckdb_tables()
where temporary and regexp_matches(table_name, '^(out|used|level|cited)_\d+$|^blank_hosts$')
union all
select view_name, 'view'
from duckdb_views()
where temporary and regexp_matches(view_name, '^left_\d+$')
