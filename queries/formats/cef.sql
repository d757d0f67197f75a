-- id: cef
-- title: Common Event Format (CEF) of firewalls and appliances
-- kind: record
-- rank: 34
-- recognise: ^(CEF: ?)?[01]\|[^|]+\|[^|]+\|[^|]*\|[^|]+\|.+\|(\d{1,2}|Unknown|Low|Medium|High|Very-High)\|
-- example: CEF:0|Security|threatmanager|1.0|100|worm stopped|10|src=10.0.0.1 dst=2.1.2.2 spt=1232 dpt=80 act=blocked rt=1588205199824
-- yields: alert, network, login, system
-- source: ArcSight Common Event Format (CEF) implementation standard, version 25
-- In the header `\|` is no separator, in the extension `\=` none; a value may hold blanks.
with guarded as (
    select
        evidence, line, offset_bytes, ts as outer_ts, ts_quality as outer_quality, zone,
        string_split(replace(replace(
            regexp_replace(message, '^(CEF: ?)?([01])\|', '\2|'), '\\', chr(1)), '\|', chr(2)), '|') as h
    from lines
    where regexp_matches(message,
        '^(CEF: ?)?[01]\|[^|]+\|[^|]+\|[^|]*\|[^|]+\|.+\|(\d{1,2}|Unknown|Low|Medium|High|Very-High)\|')
),
pairs as (
    select
        *,
        list_transform(h[1:7], lambda x: replace(replace(x, chr(2), '|'), chr(1), '\')) as head,
        list_filter(string_split(
            regexp_replace(' ' || replace(replace(array_to_string(h[8:], '|'), chr(2), '\|'), '\=', chr(3)),
                ' ([A-Za-z0-9_.\[\]-]+)=', chr(4) || '\1' || chr(5), 'g'), chr(4)),
            lambda x: contains(x, chr(5))) as extension
    from guarded
    where len(h) >= 8
),
maps as (
    select
        *,
        map_from_entries(list_transform(
            -- a key that is there twice keeps its first value
            list_filter(extension, lambda x, i: not list_contains(
                list_transform(extension[1:i - 1], lambda y: split_part(y, chr(5), 1)),
                split_part(x, chr(5), 1))),
            lambda x: {'k': split_part(x, chr(5), 1), 'v': replace(replace(
                trim(substring(x, position(chr(5) in x) + 1)), chr(3), '='), chr(1), '\')})) as m
    from pairs
),
timed as (
    select
        *,
        coalesce(m['rt'], m['end'], m['start'], m['UNIFIutcTime']) as stamp,
        lower(coalesce(m['act'], '')) as act,
        try_cast(head[7] as integer) as level
    from maps
),
known as (
    select
        *,
        coalesce(epoch_ts(stamp), iso_ts(stamp)) as exact_ts,
        try_strptime(regexp_extract(stamp, '^([A-Z][a-z]{2} \d{1,2} \d{4} \d\d:\d\d:\d\d)', 1),
            '%b %d %Y %H:%M:%S') as wall,
        coalesce(try_cast(level as integer), case head[7] when 'Low' then 3 when 'Medium' then 6
            when 'High' then 8 when 'Very-High' then 10 else 0 end) as weight
    from timed
)
select
    evidence, line, offset_bytes,
    coalesce(exact_ts, if(wall is null or outer_quality = 'exact', outer_ts, in_utc(wall, zone))) as ts,
    case when exact_ts is not null then 'exact'
        when wall is not null and outer_quality is distinct from 'exact' then zone_quality(zone)
        else outer_quality end as ts_quality,
    case
        when weight >= 7 then 'alert'
        when regexp_matches(lower(head[6]), 'log(ged)? ?(in|on|out|off)|authenticat|accessed') then 'login'
        when m['dst'] is not null then 'network'
        else 'system'
    end as category,
    coalesce(nullif(act, ''), 'log') as activity,
    case
        when regexp_matches(act, 'block|den[iy]|drop|reject|prevent|quarantin')
            or (act = '' and regexp_matches(lower(head[6]), 'blocked|denied|dropped')) then 'denied'
        when lower(m['outcome']) like 'fail%' or regexp_matches(lower(head[6]), 'fail') then 'failed'
        when lower(m['outcome']) like 'succe%' or regexp_matches(act, 'allow|permit|accept|pass') then 'ok'
        else 'unknown'
    end as outcome,
    head[6] as status,
    case when weight >= 9 then 5 when weight >= 7 then 4 when weight >= 4 then 3 when weight >= 1 then 2
        else 1 end as severity,
    coalesce(m['suser'], m['duser'], m['UNIFIadmin']) as actor,
    address_of(m['src']) as src_ip, try_cast(m['spt'] as usmallint) as src_port,
    address_of(m['dst']) as dst_ip, try_cast(m['dpt'] as usmallint) as dst_port,
    m['dhost'] as dst_name, coalesce(m['dvchost'], m['UNIFIhost']) as node,
    m['filePath'] as file_path, m['fileHash'] as file_hash, m['requestClientApplication'] as user_agent,
    if(m['request'] is null, null, 'url') as object_kind, m['request'] as object_name,
    concat_ws(' ', head[6], nullif(act, ''), m['msg'],
        m['src'] || coalesce(':' || m['spt'], ''), if(m['dst'] is null, null, '→'),
        m['dst'] || coalesce(':' || m['dpt'], '')) as message,
    json_merge_patch(json_object('vendor', head[2], 'product', head[3], 'version', head[4],
        'signature', head[5], 'name', head[6], 'level', head[7]), to_json(m)) as fields
from known
