-- id: mask_rows
-- title: Events that hold a secret, with the secret replaced by a keyed digest
-- The evidence keeps its bytes; the index never has them. Equal secrets of a case have equal masks.
with found as (
    select
        * exclude (whole),
        -- values of Secret objects stand between quotes, whatever they are
        if((object_kind = 'secrets' or contains(whole, '"Secret"') or contains(whole, '"SecretList"'))
            and json_valid(fields), secret_values(fields), []) as quoted,
        list_concat(
            regexp_extract_all(whole, 'eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{4,}\.?[A-Za-z0-9_-]*'),
            regexp_extract_all(whole, '[Bb]earer\s+([A-Za-z0-9._~+/=-]{8,})', 1),
            regexp_extract_all(whole,
                '(?i)(?:^|[^a-z])(?:password|passwd|secret|client_secret|token|access_token|id_token|refresh_token|api_?key|secretaccesskey|sessiontoken|secret_access_key)\\?["'']?\s*[=:]\s*\\?["'']?([^\s"''&,;{}\[\]\\<>()]{6,})',
                1),
            -- PWD is a folder in sudo's lines and in every environment
            regexp_extract_all(whole,
                '(?i)(?:^|[^a-z])pwd\\?["'']?\s*[=:]\s*\\?["'']?([^\s"''&,;{}\[\]\\<>()/~][^\s"''&,;{}\[\]\\<>()]{5,})',
                1),
            regexp_extract_all(whole, '(?i)--(?:password|token|secret|api-key)[= ]([^\s"''&]{4,})', 1),
            regexp_extract_all(whole, '[a-z]://[^/\s:@"]+:([^/\s@"]{3,})@', 1),
            -- of SQL: `create role … password '…'`, `create user … identified by '…'`
            regexp_extract_all(whole, '(?i)(?:password\s+|identified by )''([^'']{4,})''', 1),
            regexp_extract_all(whole,
                '-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\\n|\s)*([A-Za-z0-9+/=\\\s]+?)(?:\\n|\s)*-----END', 1)
        ) as loose
    from suspects
),
lists as (
    select
        *,
        list_reverse_sort(list_distinct(list_transform(
            list_filter(quoted, lambda s: s is not null and s != ''),
            lambda s: (lpad(length(s)::varchar, 9, '0'), s)))) as quoted_by_size,
        list_reverse_sort(list_distinct(list_transform(
            list_filter(loose, lambda s: s is not null and strlen(s) >= 3
                and not starts_with(s, '‹masked') and s not in ('null', 'true', 'false')
                -- `passwd: pam_unix(passwd:chauthtok): …` is the program of that name
                and not regexp_full_match(s,
                    '(?i)system:.*|v1|authentication|authorization|pam_\w+|passwd|password|chauthtok|account|session')),
            lambda s: (lpad(length(s)::varchar, 9, '0'), s)))) as loose_by_size
    from found
    where len(quoted) > 0 or len(loose) > 0
),
masks as (
    select
        * replace (
            mask_loose(mask_quoted(fields, quoted_by_size), loose_by_size) as fields,
            mask_loose(message, loose_by_size) as message,
            mask_loose(cmdline, loose_by_size) as cmdline,
            mask_loose(user_agent, loose_by_size) as user_agent,
            mask_loose(object_name, loose_by_size) as object_name
        )
    from lists
    where len(quoted_by_size) > 0 or len(loose_by_size) > 0
)
select
    place, fields, message, cmdline, user_agent, object_name,
    also_of(
        cluster, node, namespace, workload, pod, container, container_id, program, is_whole,
        actor, session, user_agent, src_ip, dst_ip, dst_name, object_name, file_path, file_hash,
        image, cloud_account, region, exe, cmdline, message, fields) as also
from masks
