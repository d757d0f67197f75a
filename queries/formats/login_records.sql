-- id: login_records
-- title: Login records (utmp, wtmp, btmp)
-- kind: record
-- rank: 5
-- recognise: ^0[0-9]000000[0-9a-f]{760}$
-- recognise: ^0[0-9]000000[0-9a-f]{792}$
-- example: 070000003509000074747937000000000000000000000000000000000000000000000000000000003a3000006d6f78696c6f0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000a41dab5273da0d00000000000000000000000000000000000000000000000000000000000000000000000000
-- yields: login
-- source: glibc bits/utmp.h: x86-64 384 bytes with 32-bit times, aarch64 400 bytes with 64-bit ones
with records as (
    select
        evidence, path, line, offset_bytes, message as hex, strlen(message) = 800 as is_long,
        regexp_matches(path, 'btmp[^/!]*$') as is_bad
    from lines
    where strlen(message) in (768, 800) and regexp_full_match(message, '[0-9a-f]+')
),
fields as (
    select
        *,
        try_cast('0x' || substring(hex, 1, 2) as integer) as kind,
        hex_le(substring(hex, 9, 8)) as pid,
        hex_text(substring(hex, 17, 64)) as tty,
        hex_text(substring(hex, 89, 64)) as user,
        hex_text(substring(hex, 153, 512)) as host,
        if(is_long, hex_le(substring(hex, 689, 16)), hex_le(substring(hex, 681, 8))) as seconds,
        if(is_long, hex_le(substring(hex, 705, 16)), hex_le(substring(hex, 689, 8))) as micros,
        if(is_long, substring(hex, 721, 32), substring(hex, 697, 32)) as address
    from records
)
select
    evidence, line, offset_bytes,
    -- a time after 2100 is no time
    if(seconds between 1 and 4102444800,
        make_timestamp(seconds * 1000000 + if(micros between 0 and 999999, micros, 0)), null) as ts,
    if(seconds between 1 and 4102444800, 'exact', 'none') as ts_quality,
    if(kind in (6, 7, 8) or is_bad, 'login', 'system') as category,
    case
        when is_bad then 'failed'
        when kind = 7 then 'login'
        when kind = 8 then 'logout'
        when kind = 2 then 'boot'
        when kind = 1 then 'run_level'
        when kind in (3, 4) then 'clock_change'
        when kind in (5, 6) then 'wait_login'
        else 'record'
    end as activity,
    if(is_bad, 'failed', 'ok') as outcome,
    if(is_bad, 3, 1) as severity,
    -- `reboot`, `LOGIN` and the like are no users
    if(kind in (7, 8) or is_bad, nullif(user, ''), null) as actor,
    if((kind in (7, 8) or is_bad) and user != '', 'user', null) as actor_type,
    nullif(pid, 0) as pid,
    if(kind in (6, 7, 8), nullif(tty, ''), null) as session,
    case
        when left(address, 8) != '00000000' and substring(address, 9) = repeat('0', 24) then
            concat_ws('.', hex_le(substring(address, 1, 2)), hex_le(substring(address, 3, 2)),
                hex_le(substring(address, 5, 2)), hex_le(substring(address, 7, 2)))
        -- IPv4 mapped into IPv6, or IPv6
        when left(address, 8) != '00000000' or substring(address, 9) != repeat('0', 24)
            then ip6_text(address)
        else address_of(host)
    end as src_ip,
    concat_ws(' ',
        case kind when 7 then 'login' when 8 then 'logout' when 2 then 'boot' when 1 then 'run level'
            when 6 then 'login process' when 5 then 'init process' when 3 then 'new time'
            when 4 then 'old time' else 'record of type ' || kind end,
        nullif(user, ''), nullif(tty, ''), nullif('from ' || nullif(host, ''), '')) as message,
    json_object('type', kind, 'tty', tty, 'host', host) as fields
from fields
