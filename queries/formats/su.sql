-- id: su
-- title: su: changes of user
-- kind: record
-- rank: 40
-- recognise: ^(Successful su for|FAILED su for|FAILED SU|\(to \S+\) \S+ on|[+-] \S+ \S+:\S+|pam_unix\(su(-l)?:\w+\):)
-- example: Successful su for root by ubuntu
-- example: pam_unix(su:session): session opened for user root by ubuntu(uid=1000)
-- yields: login
-- source: shadow su.c, util-linux su-common.c, Linux-PAM pam_unix
with said as (
    select
        evidence, line, offset_bytes, message,
        regexp_extract(message, '^(Successful|FAILED) su for (\S+) by (\S+)',
            ['verb', 'target', 'user']) as a,
        regexp_extract(message, '^(FAILED SU )?\(to (\S+)\) (\S+) on (\S+)',
            ['verb', 'target', 'user', 'tty']) as b,
        regexp_extract(message, '^([+-]) (\S+) (\S+):(\S+)$',
            ['sign', 'tty', 'user', 'target']) as c,
        regexp_extract(message,
            '^pam_\w+\(su(?:-l)?:\w+\): (session opened for user|session closed for user|authentication failure)[; ](.*)$',
            ['verb', 'rest']) as d
    from lines
    where program is null or program in ('su', 'su-l')
)
select
    evidence, line, offset_bytes, 'login' as category,
    case when d.verb like '%closed%' then 'session_close' else 'su' end as activity,
    case
        when a.verb = 'FAILED' or b.verb != '' or c.sign = '-' or d.verb = 'authentication failure'
            then 'failed'
        else 'ok'
    end as outcome,
    if(a.verb = 'FAILED' or b.verb != '' or c.sign = '-' or d.verb = 'authentication failure', 4, 1)
        as severity,
    coalesce(nullif(a.user, ''), nullif(b.user, ''), nullif(c.user, ''),
        nullif(regexp_extract(d.rest, '(?:by |ruser=)([^\s(]+)', 1), '')) as actor,
    'user' as actor_type,
    coalesce(nullif(a.target, ''), nullif(b.target, ''), nullif(c.target, ''),
        nullif(regexp_extract(d.rest, '(?:^| user=)([^\s(]+)', 1), '')) as object_name,
    'user' as object_kind,
    message
from said
where a.verb != '' or b.target != '' or c.sign != '' or d.verb != ''
