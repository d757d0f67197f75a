-- id: cron
-- title: cron: commands that ran
-- kind: record
-- rank: 41
-- recognise: ^\((\S+)\) (CMD|CMDOUT|CMDEND|INFO|RELOAD|REPLACE|EDIT|LIST|BEGIN EDIT|END EDIT|STARTUP|DELETE|ORPHAN)\b ?\(
-- recognise: ^pam_unix\(cron:\w+\):
-- example: (root) CMD (touch /var/run/crond.somecheck)
-- yields: process
-- source: cron do_command.c, log_it(); Linux-PAM pam_unix
with said as (
    select
        evidence, line, offset_bytes, message,
        regexp_extract(message, '^\((\S+)\) ([A-Z ]+?) ?\(((?s:.*))\)\)?$', ['user', 'verb', 'text']) as c,
        regexp_extract(message, '^pam_unix\(cron:(\w+)\): session (opened|closed) for user ([^\s(]+)',
            ['type', 'verb', 'user']) as s
    from lines
    where program is null or lower(program) in ('cron', 'crond', '/usr/sbin/cron', 'crontab', 'anacron')
)
select
    evidence, line, offset_bytes,
    if(c.verb = 'CMD', 'process', 'system') as category,
    case
        when c.verb = 'CMD' then 'exec'
        when s.verb = 'opened' then 'session_open'
        when s.verb = 'closed' then 'session_close'
        else lower(replace(c.verb, ' ', '_'))
    end as activity,
    'ok' as outcome, if(c.verb in ('REPLACE', 'EDIT', 'DELETE'), 3, 1) as severity,
    coalesce(nullif(c.user, ''), s.user) as actor, 'user' as actor_type,
    if(c.verb = 'CMD', c.text, null) as cmdline,
    if(c.verb = 'CMD', split_part(c.text, ' ', 1), null) as exe,
    'cron: ' || message as message
from said
where c.verb != '' or s.verb != ''
