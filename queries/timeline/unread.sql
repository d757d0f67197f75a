-- id: unread
-- title: What could not be read, and why
select distinct evidence, path, offset_bytes, reason
from unread
order by evidence, path, offset_bytes, reason
