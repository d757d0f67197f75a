-- id: raw_lines
-- title: The rows of a chunk as the outermost level
create or replace temp view raw_lines as
select
    line, file, offset_bytes, message,
    line as root, 0::bigint as part, null::bigint[] as cites, false as is_open
from raw;
