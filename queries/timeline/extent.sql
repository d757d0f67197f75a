-- id: extent
-- title: When the first and the last event were, from the segments' own sums
select min(first_ts), max(last_ts), coalesce(sum(events), 0)::bigint
from sources
