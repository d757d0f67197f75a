-- id: logind
-- title: systemd-logind: sessions, seats, power
-- kind: record
-- rank: 41
-- recognise: ^(New session \S+ of user|Removed session|Session \S+ logged out|New seat|Watching system buttons|Power key|System is (powering down|rebooting))
-- example: New session 3 of user ubuntu.
-- yields: login
-- source: systemd src/login/logind-session.c
with said as (
    select
        evidence, line, offset_bytes, message,
        regexp_extract(message, '[Ss]ession (\S+?)(?:\.| of user (\S+)\.| logged out.*)$',
            ['session', 'user']) as s
    from lines
    where (program is null or program = 'systemd-logind')
        and regexp_matches(message,
            '^(New session \S+ of user|Removed session|Session \S+ logged out|New seat|Watching system buttons|Power key|System is (powering down|rebooting))')
)
select
    evidence, line, offset_bytes,
    if(s.session = '', 'system', 'login') as category,
    case
        when message like 'New session%' then 'session_open'
        when s.session != '' then 'session_close'
        else 'log'
    end as activity,
    'ok' as outcome, 1 as severity,
    nullif(s.user, '') as actor, if(s.user = '', null, 'user') as actor_type,
    nullif(s.session, '') as session, message
from said
