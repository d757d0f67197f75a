-- id: decoded
-- title: The events of a chunk, each with a key of its own
select row_number() over () as place, * exclude (is_open)
from batch
