-- id: capture_file
-- title: Files of a capture: what is not as in the image, and what volumes hold
-- kind: record
-- fields: message
-- rank: 5
-- recognise: ^\{"capture":"c-[0-9A-Za-z-]+","kind":"file",
-- example: {"capture":"c-20261124T192713-9f3a","kind":"file","path":"/usr/bin/.ssh-agent","type":"file","mode":"4755","uid":0,"gid":0,"size":1104,"mtime":"2026-11-24T19:20:00.000000","ctime":"2026-11-24T19:27:00.000000","sha256":"1f9c","content":"elf","entropy":7.6,"delta":"added"}
-- example: {"capture":"c-20261124T192713-9f3a","kind":"file","path":"/var/log/nginx/access.log","type":"file","delta":"deleted","ctime":"2026-11-24T19:28:00.000000","mtime":"2026-11-24T19:28:00.000000","base":{"mode":"0644","size":52}}
-- yields: file
-- source: console/visibility/capture.py, capture/v1
with records as (
    select evidence, line, offset_bytes, message, header,
        from_json(message, '{"capture": "VARCHAR", "kind": "VARCHAR", "path": "VARCHAR",
            "type": "VARCHAR", "mode": "VARCHAR", "uid": "BIGINT", "gid": "BIGINT",
            "size": "BIGINT", "mtime": "VARCHAR", "ctime": "VARCHAR", "sha256": "VARCHAR",
            "content": "VARCHAR", "entropy": "DOUBLE", "delta": "VARCHAR", "volume": "VARCHAR",
            "target": "VARCHAR", "capabilities": "VARCHAR", "runtime": "VARCHAR",
            "moved_from": "VARCHAR", "base": {"mode": "VARCHAR", "uid": "BIGINT",
                "size": "BIGINT", "sha256": "VARCHAR"}}') as r,
        from_json(header, '{"kind": "VARCHAR", "node": "VARCHAR", "namespace": "VARCHAR",
            "pod": "VARCHAR", "container": "VARCHAR", "container_id": "VARCHAR",
            "image": "VARCHAR", "workload": "VARCHAR", "container_started": "VARCHAR"}') as m
    from lines
    where message[1] = '{' and json_valid(message)
),
files as (
    select
        *,
        regexp_extract(r.path, '[^/]*$') as name,
        r.type = 'file' and regexp_matches(r.mode, '[1357]') and r.mode is not null
            and (regexp_matches(r.mode[2:], '[1357]')) as is_executable,
        r.delta in ('added', 'changed') as is_new,
        r.delta != 'deleted' and r.type = 'file' and r.mode[1] in ('4', '5', '6', '7')
            and coalesce(r.base.mode[1], '0') not in ('4', '5', '6', '7') as is_setuid,
        r.delta != 'deleted' and r.type = 'file' and r.mode[1] in ('2', '3', '6', '7')
            and coalesce(r.base.mode[1], '0') not in ('2', '3', '6', '7') as is_setgid,
        regexp_matches(r.path, '^(/var)?/(tmp|run)/|^/dev/shm/') as is_temporary,
        regexp_matches(r.path, '^/var/log/|\.log(\.\d+)?$') as is_log,
        r.runtime is not null or r.path in ('/.dockerenv', '/run/.containerenv') as is_runtime,
        m.container_started is not null and m.container_started != ''
            and r.ctime > m.container_started as is_after_start
    from records
    where r.kind = 'file' and r.path is not null
),
-- the reason in words and how much it weighs (OCSF severity)
reasons as (
    select
        *,
        list_filter([
            if(is_setuid, {'w': 'setuid', 's': 5}, null),
            if(is_setgid, {'w': 'setgid', 's': 4}, null),
            if(r.capabilities is not null, {'w': 'file capabilities ' || r.capabilities, 's': 5}, null),
            if(is_executable and r.delta = 'added', {'w': 'executable not in the image', 's': 4}, null),
            if(is_executable and r.delta = 'changed', {'w': 'executable changed', 's': 5}, null),
            if(is_executable and r.delta = 'metadata'
                and not regexp_matches(coalesce(r.base.mode[2:], ''), '[1357]'),
                {'w': 'made executable', 's': 4}, null),
            if(r.delta = 'added' and not is_executable and r.content in ('elf', 'pe'),
                {'w': 'program without execute right', 's': 3}, null),
            if(is_executable and is_temporary, {'w': 'in a folder for temporary files', 's': 5}, null),
            if(r.delta = 'volume' and is_executable and not is_temporary
                and not regexp_matches(r.volume, '^(secret|configmap|projected|downward-api) '),
                {'w': 'executable in a volume', 's': 2}, null),
            if(r.content = 'elf' and r.entropy > 7.2, {'w': 'packed or encrypted?', 's': 4}, null),
            if(r.path = '/etc/ld.so.preload' and r.delta != 'deleted',
                {'w': 'loaded into every program', 's': 5}, null),
            if(is_new and coalesce(r.type, 'file') != 'dir'
                and regexp_matches(r.path, '^/etc/cron|^/var/spool/cron'),
                {'w': 'cron', 's': 5}, null),
            if(is_new and name in ('authorized_keys', 'authorized_keys2'),
                {'w': 'lets a key log in', 's': 5}, null),
            if(r.delta != 'volume'
                and regexp_matches(r.path, '^/etc/(passwd|shadow|group|gshadow|sudoers(\.d/.*)?)-?$'),
                {'w': 'accounts', 's': 5}, null),
            if(is_new and regexp_matches(r.path,
                '^/(var/www|srv/www|usr/share/nginx|usr/local/apache2/htdocs|usr/local/tomcat/webapps|app/public)/'),
                {'w': 'web root', 's': 4}, null),
            if(r.delta = 'deleted' and is_log and r.type = 'file', {'w': 'log deleted', 's': 4}, null),
            if(is_log and r.delta = 'changed' and r.size < r.base.size,
                {'w': 'log truncated', 's': 4}, null),
            if(r.type = 'link' and r.target = '/dev/null' and (is_log or name like '%history'),
                {'w': 'leads to /dev/null', 's': 4}, null),
            if(r.delta = 'deleted' and not is_log and regexp_matches(r.path, '^/(etc|bin|sbin|lib|usr)/'),
                {'w': 'part of the image deleted', 's': 3}, null),
            if(r.delta != 'deleted' and r.delta != 'volume' and name[1] = '.' and not is_runtime,
                {'w': 'hidden name', 's': 3}, null),
            if(r.delta not in ('deleted', 'volume')
                and regexp_matches(name, '^\s|\s$|^\.\.\.|[\x00-\x1f\x7f]|\\x[0-9a-f]{2}'),
                {'w': 'name with blanks or control characters', 's': 4}, null),
            if(is_new and (r.content = 'private key' or regexp_matches(r.path,
                '/\.aws/credentials$|/\.kube/config$|/\.docker/config\.json$|/id_(rsa|ed25519|ecdsa)$')),
                {'w': 'credentials', 's': 4}, null),
            if(r.type in ('char', 'block') and r.delta = 'added', {'w': 'device file', 's': 5}, null),
            if(r.type in ('fifo', 'socket') and r.delta = 'added', {'w': r.type, 's': 3}, null),
            if(r.moved_from is not null, {'w': 'moved from ' || r.moved_from, 's': 3}, null),
            if(r.delta = 'added' and r.type = 'file' and is_after_start
                and r.mtime < strftime(try_cast(m.container_started as timestamp) - interval 1 day,
                    '%Y-%m-%dT%H:%M:%S'),
                {'w': 'says it is older than the container', 's': 2}, null),
            if(r.delta = 'metadata' and r.uid != r.base.uid, {'w': 'owner changed', 's': 3}, null),
            if(r.delta = 'metadata' and not is_setuid and r.mode != r.base.mode,
                {'w': 'mode changed from ' || r.base.mode, 's': 2}, null)
        ], lambda x: x is not null) as why
    from files
)
select
    evidence, line, offset_bytes,
    coalesce(try_cast(r.ctime as timestamp), try_cast(r.mtime as timestamp)) as ts,
    if(r.ctime is null and r.mtime is null, 'none', 'file_time') as ts_quality,
    case when r.delta = 'deleted' then 'deleted' when r.ctime is null then 'modified'
        else 'changed' end as ts_label,
    'file' as category,
    case r.delta when 'volume' then 'present' when 'unknown' then 'present' else r.delta end
        as activity,
    'ok' as outcome,
    case when is_runtime then 0 else coalesce(list_max(list_transform(why, lambda x: x.s)), 1) end
        as severity,
    if(is_runtime, 'made by the runtime',
        array_to_string(list_transform(why, lambda x: x.w), ' · ')) as status,
    r.capture as session, 'uid ' || r.uid as actor, 'uid' as actor_type,
    r.path as file_path, r.sha256 as file_hash,
    m.node as node, nullif(m.namespace, '') as namespace, nullif(m.workload, '') as workload,
    nullif(m.pod, '') as pod, nullif(m.container, '') as container,
    nullif(m.container_id, '') as container_id, nullif(m.image, '') as image,
    concat_ws(' ', r.delta, r.path, r.mode,
        if(len(why) > 0, '(' || array_to_string(list_transform(why, lambda x: x.w), ' · ') || ')', null))
        as message
from reasons
