-- id: cron
-- title: cron: commands that ran
-- kind: record
-- rank: 41
-- recognise: ^\(([^)\s]+)\) (CMD|CMDOUT|CMDEND|INFO|RELOAD|REPLACE|EDIT|LIST|BEGIN EDIT|END EDIT|STARTUP|DELETE|ORPHAN|MAIL|ERROR|WRONG [A-Z ]+|NUMBER OF HARD LINKS|BAD FILE MODE|TTY) ?\(
-- recognise: ^pam_\w+\(crond?:\w+\):
-- example: (root) CMD (touch /var/run/crond.somecheck)
-- example: pam_unix(cron:session): session opened for user root by (uid=0)
-- yields: process
-- source: cron do_command.c, log_it(); Linux-PAM pam_unix
with said as (
    select
        evidence, line, offset_bytes, message,
        regexp_extract(message, '^\(([^)\s]+)\) ([A-Z ]+?) ?\(((?s:.*))\)$', ['user', 'verb', 'text'])
            as c,
        regexp_extract(message,
            '^pam_\w+\(crond?:\w+\): session (opened|closed) for user ([^\s(]+)', ['verb', 'user']) as s
    from lines
    where program is null
        or lower(program) in ('cron', 'crond', '/usr/sbin/cron', '/usr/sbin/crond', 'crontab', 'anacron')
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
    if(c.verb = 'ERROR' or c.verb like 'WRONG%' or c.verb like 'BAD%', 'failed', 'ok') as outcome,
    if(c.verb in ('REPLACE', 'EDIT', 'DELETE', 'BEGIN EDIT', 'END EDIT'), 3, 1) as severity,
    coalesce(nullif(c.user, ''), s.user) as actor, 'user' as actor_type,
    if(c.verb = 'CMD', trim(c.text), null) as cmdline,
    if(c.verb = 'CMD', split_part(trim(c.text), ' ', 1), null) as exe,
    'cron: ' || message as message
from said
where c.verb != '' or s.verb != ''
