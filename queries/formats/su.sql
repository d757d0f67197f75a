-- id: su
-- title: su: changes of user
-- kind: record
-- rank: 40
-- recognise: ^(Successful su for|FAILED su for|FAILED SU|\(to \S+\) \S+ on|[+-] \S+ \S+:\S+|pam_\w+\((su|su-l|runuser|runuser-l):\w+\):)
-- example: Successful su for root by ubuntu
-- example: pam_unix(su:session): session opened for user root by ubuntu(uid=1000)
-- example: FAILED SU (to root) mallory on pts/1
-- yields: login
-- source: shadow su.c, util-linux su-common.c, Linux-PAM pam_unix
with said as (
    select
        evidence, line, offset_bytes, message,
        regexp_extract(message, '^(Successful|FAILED) su for (\S+) by (\S+)$',
            ['verb', 'target', 'user']) as a,
        regexp_extract(message, '^(FAILED SU )?\(to (\S+)\) (\S+) on (\S+)$',
            ['verb', 'target', 'user', 'tty']) as b,
        regexp_extract(message, '^([+-]) (\S+) ([^:\s]+):(\S+)$',
            ['sign', 'tty', 'user', 'target']) as c,
        regexp_extract(message,
            '^pam_\w+\((?:su|su-l|runuser|runuser-l):\w+\): (session opened for user|session closed for user|authentication failure;) ?(.*)$',
            ['verb', 'rest']) as d
    from lines
    where program in ('su', 'su-l', 'runuser', 'runuser-l')
        or program is null and regexp_matches(message, '^(Successful su|FAILED su|FAILED SU|pam_)')
),
known as (
    select
        *,
        regexp_extract(d.rest, '^(\S+?)(?:\(uid=\d+\))?(?: by (\S*?)\(uid=\d+\))?$', ['target', 'user'])
            as opened,
        regexp_extract(d.rest, '^logname=\S* uid=\d+ .* ruser=(\S*) rhost=\S*(?: +user=(.*))?$',
            ['user', 'target']) as failed,
        a.verb = 'FAILED' or b.verb != '' or c.sign = '-' or d.verb = 'authentication failure;'
            as is_failure
    from said
    where a.verb != '' or b.target != '' or c.sign != '' or d.verb != ''
),
named as (
    select
        *,
        coalesce(nullif(a.user, ''), nullif(b.user, ''), nullif(c.user, ''),
            nullif(opened.user, ''), nullif(failed.user, '')) as actor,
        coalesce(nullif(a.target, ''), nullif(b.target, ''), nullif(c.target, ''),
            nullif(opened.target, ''), nullif(failed.target, '')) as target
    from known
)
select
    evidence, line, offset_bytes, 'login' as category,
    case
        when starts_with(d.verb, 'session opened') then 'session_open'
        when starts_with(d.verb, 'session closed') then 'session_close'
        when d.verb != '' then 'pam_failed'
        else 'su'
    end as activity,
    if(is_failure, 'failed', 'ok') as outcome, if(is_failure, 4, 1) as severity,
    actor, if(actor is null, null, 'user') as actor_type,
    'user' as object_kind, target as object_name,
    message
from named
