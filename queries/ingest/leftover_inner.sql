-- id: leftover_inner
-- title: An unwrapped line that no record format knows is an event of its envelope
-- Who, whence and whether it was a login are read from its words, where the envelope does not say.
with said as (
    select
        line, ts_quality, program, message, severity, src_ip, actor,
        said_ips(message) as ips, said_login(message) as login,
        if(actor is null, said_user(message), null) as said_actor
    from lines
),
placed as (
    select
        *,
        if(src_ip is null, if(len(ips) > 0, said_once(ips), said_first_ip(message)), null) as said_ip
    from said
),
judged as (
    select
        *,
        -- words alone are a program's talk: a login has somebody, from somewhere
        login is not null and coalesce(said_ip, src_ip, said_actor, actor) is not null as is_login
    from placed
)
select
    line, coalesce(ts_quality, 'none') as ts_quality,
    if(is_login, 'login', 'system') as category, if(is_login, 'login', 'log') as activity,
    if(is_login, login, 'unknown') as outcome,
    if(severity is null, level_severity(said_level(message)), null) as severity,
    said_actor as actor, said_ip as src_ip, said_port(message, said_ip) as src_port,
    if(program is null or program in ('stdout', 'stderr'), message, program || ': ' || message)
        as message
from judged
