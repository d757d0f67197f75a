-- id: dpkg
-- title: dpkg.log: package changes
-- kind: record
-- rank: 30
-- recognise: ^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (startup|install|upgrade|remove|purge|trigproc|configure|status|conffile) 
-- example: 2016-08-06 17:35:39 install base-passwd:amd64 <none> 3.5.33
-- yields: system
-- source: dpkg(1), "status information" of --log
with parts as (
    select evidence, line, offset_bytes, zone, message,
        try_cast(left(message, 19) as timestamp) as wall,
        split_part(message, ' ', 3) as verb, split_part(message, ' ', 4) as what,
        split_part(message, ' ', 5) as more
    from lines
    where message[5] = '-' and message[14] = ':'
)
select
    evidence, line, offset_bytes, in_utc(wall, zone) as ts, zone_quality(zone) as ts_quality,
    'system' as category, verb as activity, 'ok' as outcome, 1 as severity,
    'package' as object_kind, if(verb = 'status', more, what) as object_name,
    'dpkg ' || substring(message, 21) as message
from parts
where wall is not null
    and verb in ('startup', 'install', 'upgrade', 'remove', 'purge', 'trigproc', 'configure',
        'status', 'conffile')
