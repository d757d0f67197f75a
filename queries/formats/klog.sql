-- id: klog
-- title: klog lines of kubelet, API server and other Kubernetes components
-- kind: record
-- rank: 40
-- recognise: ^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ [^ :]+:\d+\]
-- example: I1218 06:13:36.831274      16 aggregator.go:115] Building initial OpenAPI spec
-- yields: system
-- source: https://github.com/kubernetes/klog, header format
-- Month and day only: the year is the envelope's, else inferred. Lines without a header belong to
-- the line before them.
with headed as (
    select
        evidence, path, line, offset_bytes, message, ts as outer_ts, ts_quality as outer_quality,
        file_ts, zone, year, program,
        regexp_extract(message,
            '^([IWEF])(\d\d)(\d\d) (\d\d:\d\d:\d\d\.\d{6}) +(\d+) ([^ :]+:\d+)\] ?((?s:.*))$',
            ['level', 'month', 'day', 'clock', 'thread', 'source', 'text']) as h
    from lines
    where regexp_matches(message, '^[IWEF]\d{4} \d\d:')
),
walls as (
    select
        *,
        try_strptime(
            year(coalesce(outer_ts, file_ts))::varchar || h.month || h.day || ' ' || h.clock,
            '%Y%m%d %H:%M:%S.%f') as near
    from headed
    where h.level != ''
),
dated as (
    select
        *,
        case
            when outer_ts is not null then outer_ts
            when year is not null then near + to_years((year - year(near))::integer)
            when near > file_ts + interval 1 day then near - interval 1 year
            else near
        end as wall
    from walls
),
pairs as (
    select
        *,
        regexp_extract(h.text, '(?: |^)pod="?([a-z0-9.-]+)/([a-z0-9.-]+)"?', ['ns', 'pod']) as at_pod,
        regexp_extract(h.text, 'pod="([a-z0-9.-]+)_([a-z0-9.-]+)\(', ['pod', 'ns']) as old_pod
    from dated
)
select
    evidence, line, offset_bytes,
    if(outer_ts is not null, outer_ts, in_utc(wall, zone)) as ts,
    if(outer_ts is not null, outer_quality, year_quality(year, zone)) as ts_quality,
    'system' as category,
    case
        when starts_with(h.text, '"Probe failed"') or contains(h.text, 'probe failed')
            or contains(h.text, 'Probe failed') then 'probe'
        else 'log'
    end as activity,
    if(h.level in ('E', 'F'), 'failed', 'unknown') as outcome,
    case h.level when 'I' then 1 when 'W' then 3 when 'E' then 4 else 6 end as severity,
    coalesce(nullif(at_pod.ns, ''), nullif(old_pod.ns, '')) as namespace,
    coalesce(nullif(at_pod.pod, ''), nullif(old_pod.pod, '')) as pod,
    nullif(regexp_extract(h.text, 'container(?:Name)?="?([a-z0-9.-]+)"?(?: |$)', 1), '')
        as container,
    nullif(regexp_extract(h.text, '(?:containerID|containerd://|docker://)=?"?([0-9a-f]{64})', 1), '')
        as container_id,
    nullif(regexp_extract(h.text, '(?: |^)node="?([A-Za-z0-9.-]+)"?', 1), '') as node,
    h.text as message,
    json_object('source', h.source, 'thread', h.thread, 'program', program,
        'err', nullif(regexp_extract(h.text, '(?: |^)err="((?:[^"\\]|\\.)*)"', 1), '')) as fields
from pairs
