-- id: logind
-- title: systemd-logind: sessions, seats, power
-- kind: record
-- rank: 41
-- recognise: ^(New session '?\S+ of user|Removed session|Session \S+ logged out|New seat|Watching system buttons|Power key|System is (powering down|rebooting)|The system will)
-- example: New session 3 of user ubuntu.
-- example: Removed session 3.
-- yields: login
-- source: systemd src/login/logind-session.c
with said as (
    select
        evidence, line, offset_bytes, message,
        regexp_extract(message,
            '^(New session|Removed session|Session) ''?([^\s'']+?)''?(?: of user ''?(.+?)''?(?: with class .*)?\.| logged out\..*|\.)$',
            ['verb', 'session', 'user']) as s
    from lines
    where (program is null or program = 'systemd-logind')
        and regexp_matches(message,
            '^(New session ''?\S+ of user|Removed session|Session \S+ logged out|New seat|Watching system buttons|Power key|System is (powering down|rebooting)|The system will)')
)
select
    evidence, line, offset_bytes,
    if(s.session = '', 'system', 'login') as category,
    case
        when s.verb = 'New session' then 'session_open'
        when s.session != '' then 'session_close'
        when regexp_matches(message, '^(Power key|System is|The system will)') then 'power'
        else 'log'
    end as activity,
    'ok' as outcome, 1 as severity,
    nullif(s.user, '') as actor, if(s.user = '', null, 'user') as actor_type,
    nullif(s.session, '') as session, message
from said
