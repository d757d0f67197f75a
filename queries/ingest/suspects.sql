-- id: suspects
-- title: Events whose text may hold a secret, by two looks of which the second is closer
-- The dear look (`mask_rows`) is at these alone, and most chunks have none.
create or replace temp table suspects as
with looked_at as (
    select *
    from placed
    where regexp_matches(fields,
            'eyJ|earer |"Secret|assw|ASSW|OKEN=|ECRET|API_KEY|oken(=|\\?":)|ecret(=|":")|Key":"|PRIVATE KEY|@|pwd')
        or object_kind = 'secrets'
        or regexp_matches(message,
            '(?i)eyJ|earer |passw|pwd|token|secret|PRIVATE KEY|://[^/\s:@]+:|api_?key')
        or contains(cmdline, '@') or regexp_matches(cmdline, '(?i)eyJ|passw|pwd|token|secret|api_?key|earer ')
),
wholes as (
    select
        *,
        -- what follows in an ARN is the name of a secret, not its value
        regexp_replace(concat_ws(chr(10), message, cmdline, user_agent, object_name, fields),
            '(:secretsmanager:[a-z0-9-]*:[0-9]*):secret:', '\1/secret/', 'g') as whole
    from looked_at
)
select
    place, fields, message, cmdline, user_agent, object_name, object_kind, whole,
    cluster, node, namespace, workload, pod, container, container_id, program, is_whole, actor,
    session, src_ip, dst_ip, dst_name, file_path, file_hash, image, cloud_account, region, exe
from wholes
where object_kind = 'secrets'
    or regexp_matches(whole,
        '(?i)eyJ[A-Za-z0-9_-]{8}|bearer |"Secret|PRIVATE KEY|(assw(or)?d|[^a-z-]([a-z_]*_)?token|[^a-z]secret|secret_?[a-z]*key|pi_?key|pwd)\\?["'']?\s*[=:]\s*\\?["'']?[^\s"''&,;{}\[\]\\<>()]{4}|--(password|token|secret|api-key)[= ]|password\s+''[^'']{4}|identified by ''|://[^/\s:@"]+:[^/\s@"]{3,}@')
