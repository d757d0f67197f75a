-- id: batch
-- title: The events of one chunk, with those columns of `batch_shape` that a format fills
with yielded as (
    select
        root, part, cites, is_open, is_whole, ts, ts_quality, category, activity, outcome, message,
        fields, format
    from batch_shape
    union all by name
    yielded_events
)
select * replace (coalesce(is_open, false) as is_open, coalesce(is_whole, false) as is_whole)
from yielded
