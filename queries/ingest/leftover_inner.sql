-- id: leftover_inner
-- title: An unwrapped line that no record format knows is an event of its envelope
-- Who, whence and whether it was a login are read from its words, where the envelope does not say.
with said as (
    select
        line, ts_quality, program, message, severity, src_ip, actor,
        if(src_ip is null, said_ip(message), null) as said_src_ip,
        if(actor is null, said_user(message), null) as said_actor
    from lines
),
judged as (
    select
        *, login_of(message, coalesce(said_actor, actor), coalesce(said_src_ip, src_ip)) as login
    from said
)
select
    line, coalesce(ts_quality, 'none') as ts_quality,
    if(login is null, 'system', 'login') as category, if(login is null, 'log', 'login') as activity,
    coalesce(login, 'unknown') as outcome,
    if(severity is null, level_severity(said_level(message)), null) as severity,
    said_actor as actor, said_src_ip as src_ip, said_port(message, said_src_ip) as src_port,
    if(program is null or program in ('stdout', 'stderr'), message, program || ': ' || message)
        as message
from judged
