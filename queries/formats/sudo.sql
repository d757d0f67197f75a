-- id: sudo
-- title: sudo: commands and refusals
-- kind: record
-- rank: 40
-- recognise: ^ *\S+ : ([^=;]+ ; )?(HOST=\S+ ; )?(TTY=\S+ ; )?(PWD|CWD)=.* ; COMMAND=
-- recognise: ^ *\S+ : (\(command continued\)|([^=;]+ ; )?TTY=)
-- recognise: ^pam_unix\(sudo(-i)?:\w+\):
-- example: ubuntu : TTY=pts/0 ; PWD=/home/ubuntu ; USER=root ; COMMAND=/usr/bin/apt-get update; id
-- example: mallory : command not allowed ; TTY=pts/1 ; PWD=/tmp ; USER=root ; COMMAND=/bin/sh
-- example: pam_unix(sudo:session): session opened for user root by ubuntu(uid=0)
-- yields: process, login
-- source: sudo lib/eventlog, sudoers(5) "EVENT LOGGING"
-- COMMAND is the last field and may hold ` ; ` and ` : `: everything after its first mark is it, so
-- that no directory name and no argument can hide what ran.
with said as (
    select evidence, line, offset_bytes, ltrim(message) as message
    from lines
    where program is null or program = 'sudo'
),
parts as (
    select
        *,
        regexp_extract(message,
            '^(\S+) : (?:([^=;]+) ; )?(?:HOST=(\S+) ; )?(?:TTY=(\S+) ; )?(?:(?:PWD|CWD)=(.*?) ; )?USER=(\S+) ; (?:GROUP=(\S+) ; )?(?:TSID=\S+ ; )?(?:ENV=(.*?) ; )?COMMAND=((?s:.+))$',
            ['user', 'reason', 'host', 'tty', 'pwd', 'as', 'group', 'env', 'command']) as p,
        regexp_extract(message, '^(\S+) : \(command continued\) ((?s:.*))$', ['user', 'text']) as c,
        regexp_extract(message,
            '^pam_\w+\(sudo(?:-i)?:\w+\): (session opened for user|session closed for user|authentication failure;|conversation failed|auth could not identify password for) ?((?s:.*))$',
            ['verb', 'rest']) as s
    from said
),
sessions as (
    select
        *,
        -- `root by ubuntu(uid=0)`, `root(uid=0) by (uid=1000)`, `logname=… ruser=bob rhost=  user=bob`
        regexp_extract(s.rest, '^([^\[\s]\S*?)(?:\(uid=\d+\))?(?: by (\S*?)\(uid=\d+\))?$', ['user', 'by'])
            as opened,
        regexp_extract(s.rest, '^logname=\S* uid=\d+ .* ruser=(\S*) rhost=(\S*)(?: +user=(.*))?$',
            ['by', 'host', 'user']) as failed,
        trim(regexp_extract(s.rest, '^\[(.*)\]$', 1)) as asked
    from parts
    where p.command != '' or c.user != '' or s.verb != ''
),
named as (
    select
        *,
        coalesce(nullif(p.user, ''), nullif(c.user, ''), nullif(opened.by, ''),
            nullif(failed.by, ''), nullif(asked, '')) as actor,
        coalesce(nullif(p.as, ''), nullif(opened.user, ''), nullif(failed.user, '')) as target,
        s.verb in ('authentication failure;', 'conversation failed',
            'auth could not identify password for') as is_failure
    from sessions
)
select
    evidence, line, offset_bytes,
    if(s.verb != '', 'login', 'process') as category,
    case
        when s.verb = '' then 'sudo'
        when starts_with(s.verb, 'session opened') then 'session_open'
        when starts_with(s.verb, 'session closed') then 'session_close'
        else 'pam_failed'
    end as activity,
    case
        when p.reason like '%password%' or is_failure then 'failed'
        when p.reason != '' then 'denied'
        else 'ok'
    end as outcome,
    if(p.reason != '' or is_failure, 4, 1) as severity,
    actor, if(actor is null, null, 'user') as actor_type,
    if(target is null, null, 'user') as object_kind, target as object_name,
    nullif(split_part(p.command, ' ', 1), '') as exe,
    coalesce(nullif(p.command, ''), nullif(c.text, '')) as cmdline,
    nullif(p.reason, '') as status,
    message,
    if(p.command = '', null, json_object('tty', nullif(p.tty, ''), 'cwd', nullif(p.pwd, ''),
        'run_as', p.as, 'group', nullif(p.group, ''), 'env', nullif(p.env, ''))) as fields
from named
