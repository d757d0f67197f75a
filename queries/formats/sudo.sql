-- id: sudo
-- title: sudo: commands and refusals
-- kind: record
-- rank: 40
-- recognise: ^ *\S+ : ((.*; )?TTY=|.* ; TTY=|command not allowed|user NOT in sudoers)
-- recognise: ^pam_unix\(sudo:\w+\):
-- example: ubuntu : TTY=pts/0 ; PWD=/home/ubuntu ; USER=root ; COMMAND=/usr/bin/apt-get update; id
-- yields: process, login
-- source: sudo lib/eventlog, sudoers(5) "EVENT LOGGING"
-- COMMAND is the last field and may hold ` ; ` and ` : `: everything after its first mark is it.
with said as (
    select evidence, line, offset_bytes, ltrim(message) as message
    from lines
    where program is null or program = 'sudo'
),
parts as (
    select
        *,
        regexp_extract(message,
            '^(\S+) : (?:(.*?) ; )?(?:TTY=(\S+) ; )?(?:PWD=(.*?) ; )?(?:USER=(\S+) ; )(?:GROUP=(\S+) ; )?(?:TSID=\S+ ; )?(?:ENV=(.*?) ; )?COMMAND=((?s:.*))$',
            ['user', 'reason', 'tty', 'pwd', 'as', 'group', 'env', 'command']) as p,
        regexp_extract(message,
            '^pam_\w+\(sudo:(\w+)\): (session opened for user|session closed for user|authentication failure)(?:;.*)?(?: ruser=(\S+))?.*?(?:user (\S+?)(?:\(uid=\d+\))?(?: by (\S*)\(uid=\d+\))?| user=(\S+))?$',
            ['type', 'verb', 'ruser', 'user', 'by', 'user2']) as s
    from said
)
select
    evidence, line, offset_bytes,
    if(p.command != '', 'process', 'login') as category,
    case
        when p.command != '' then 'sudo'
        when s.verb like 'session opened%' then 'session_open'
        when s.verb like 'session closed%' then 'session_close'
        else 'failed'
    end as activity,
    case
        when p.command != '' and p.reason != '' then 'denied'
        when s.verb = 'authentication failure' then 'failed'
        else 'ok'
    end as outcome,
    if(p.reason != '' or s.verb = 'authentication failure', 4, 1) as severity,
    coalesce(nullif(p.user, ''), nullif(s.by, ''), nullif(s.ruser, ''), nullif(s.user, ''),
        nullif(s.user2, '')) as actor,
    'user' as actor_type,
    nullif(split_part(p.command, ' ', 1), '') as exe,
    nullif(p.command, '') as cmdline,
    nullif(p.reason, '') as status,
    message,
    if(p.command = '', null, json_object('tty', p.tty, 'pwd', p.pwd, 'run_as', p.as)) as fields
from parts
where p.command != '' or s.verb != ''
