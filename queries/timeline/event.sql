-- id: event
-- title: One event, whole
select * exclude (seq)
from events
where evidence = $evidence and path = $path and line = $line and part = $part
