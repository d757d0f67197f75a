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
years as (
    select
        *,
        case
            when year is not null then near + to_years((year - year(near))::integer)
            when near > file_ts + interval 1 day then near - interval 1 year
            else near
        end as wall
    from walls
),
timed as (
    -- an envelope knows year and zone; klog's microseconds refine it where both mean the same
    select
        *,
        case
            when outer_ts is null then in_utc(wall, zone)
            when near between outer_ts - interval 1 second and outer_ts + interval 1 second then near
            else outer_ts
        end as ts,
        -- `"msg" key="value" key=value`
        if(h.text[1] = '"', list_zip(
            regexp_extract_all(h.text, ' ([A-Za-z_][\w.-]*)=("(?:[^"\\]|\\.)*"|[^\s"]\S*)', 1),
            regexp_extract_all(h.text, ' ([A-Za-z_][\w.-]*)=("(?:[^"\\]|\\.)*"|[^\s"]\S*)', 2)), [])
            as pairs
    from years
),
maps as (
    select
        *,
        -- the message comes first, and a key that is there twice counts once
        map_from_entries(list_transform(
            list_filter(pairs, lambda p, i: list_position(list_transform(pairs, lambda q: q[1]), p[1]) = i),
            lambda p: {'key': p[1], 'value': if(p[2][1] = '"',
                coalesce(json_extract_string(try_cast(p[2] as json), '$'), trim(p[2], '"')), p[2])}))
            as m,
        regexp_extract(h.text, '^"((?:[^"\\]|\\.)*)"', 1) as said
    from timed
),
places as (
    select
        *,
        regexp_extract(m['pod'], '^([a-z0-9.-]+)/([a-z0-9.-]+)$', ['namespace', 'pod']) as at_pod,
        -- older lines: name_namespace(uid)
        regexp_extract(h.text, '[ "]([a-z0-9][a-z0-9.-]*)_([a-z0-9-]+)\([0-9a-f-]{32,36}\)',
            ['pod', 'namespace']) as old_pod
    from maps
)
select
    evidence, line, offset_bytes, ts,
    if(outer_ts is not null, outer_quality, year_quality(year, zone)) as ts_quality,
    'system' as category,
    if(regexp_matches(h.text, '[Pp]robe failed'), 'probe', 'log') as activity,
    if(h.level in ('E', 'F'), 'failed', 'unknown') as outcome,
    case h.level when 'I' then 1 when 'W' then 3 when 'E' then 4 else 6 end as severity,
    coalesce(nullif(at_pod.namespace, ''), nullif(old_pod.namespace, ''), m['namespace']) as namespace,
    coalesce(nullif(at_pod.pod, ''), nullif(old_pod.pod, ''),
        if(regexp_full_match(m['pod'], '[a-z0-9.-]+'), m['pod'], null)) as pod,
    coalesce(m['containerName'], m['container'],
        nullif(regexp_extract(h.text, 'restarting failed container=([a-z0-9.-]+) pod=', 1), ''))
        as container,
    nullif(regexp_extract(coalesce(m['containerID'], m['containerId'], h.text),
        '(?:^|containerd://|docker://|cri-o://|container \\?"|containerID=\\?"?)([0-9a-f]{64})', 1), '')
        as container_id,
    m['image'] as image,
    m['node'] as node,
    h.text as message,
    json_merge_patch(
        coalesce(to_json(m), '{}'),
        json_object('source', h.source, 'thread', h.thread, 'program', program,
            'msg', coalesce(json_extract_string(try_cast('"' || nullif(said, '') || '"' as json), '$'),
                nullif(said, '')))) as fields
from places
