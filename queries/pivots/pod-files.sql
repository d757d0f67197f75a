-- id: pod-files
-- title: Files that differ in it: added, changed, deleted
-- entity: pod
with mine as (
    select
        activity, file_path, container, severity, ts,
        -- the last of these is the event to open: those without a time come before all others
        {
            'timed': ts is not null, 'ts': ts, 'evidence': evidence, 'path': path,
            'line': line, 'part': part
        } as place
    from events
    where pod = $value
        and ($as_of::timestamp is null or ts <= $as_of)
        and category = 'file'
        and activity in ('added', 'changed', 'deleted')
),
grouped as (
    select
        activity, file_path, container, max(severity) as severity,
        count(*)::bigint as event_count,
        min(ts) as first_ts, max(ts) as last_ts, max(place) as cited
    from mine
    group by all
)
select
    activity, file_path, container, severity,
    event_count, first_ts, last_ts,
    cited.evidence, cited.path, cited.line, cited.part
from grouped
order by severity desc nulls last, activity, file_path, container
limit $limit
