-- id: cri
-- title: Container log of a CRI runtime (containerd, CRI-O)
-- kind: envelope
-- rank: 2
-- recognise: ^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d) (stdout|stderr) [FP]( |$)
-- example: 2016-10-06T00:17:09.669794203Z stderr F log content 2
-- yields: system
-- source: kubernetes/kubernetes pkg/kubelet/kuberuntime/logs/logs.go, parseCRILog
-- A line tagged P goes on in the next line of the same stream, up to one tagged F.
with fields as (
    select
        evidence, path, line, offset_bytes,
        split_part(message, ' ', 1) as stamp,
        split_part(message, ' ', 2) as stream,
        split_part(message, ' ', 3) as tag,
        substring(message, position(' std' in message) + 10) as text
    from lines
    where position(' std' in message) between 20 and 36
        and split_part(message, ' ', 2) in ('stdout', 'stderr')
        and split_part(message, ' ', 3) in ('F', 'P')
),
timed as (
    select *, iso_ts(stamp) as ts
    from fields
),
numbered as (
    select
        *,
        count(*) filter (tag = 'F') over (
            partition by evidence, path, stream order by line
            rows between unbounded preceding and 1 preceding
        ) as piece
    from timed
    where ts is not null
),
single as (
    select
        evidence, line, offset_bytes, ts, stream, text as message,
        null::bigint[] as cites, false as is_open
    from numbered
    qualify count(*) over (partition by evidence, path, stream, piece) = 1 and tag = 'F'
),
joined as (
    select
        evidence, min(line) as line, min(offset_bytes) as offset_bytes, min(ts) as ts, stream,
        string_agg(text, '' order by line) as message,
        list_filter(list(line order by line), lambda x: x > min(line)) as cites,
        not bool_or(tag = 'F') as is_open
    from numbered
    where line not in (select line from single)
    group by evidence, path, stream, piece
)
select evidence, line, offset_bytes, ts, 'exact' as ts_quality, stream as program, message, cites,
    is_open
from single
union all by name
select evidence, line, offset_bytes, ts, 'exact' as ts_quality, stream as program, message, cites,
    is_open
from joined
