-- id: leftover_text
-- title: A line that no format knows is an event of format text
-- A blank, indented or closing line, and one of a stack trace, goes on with the event before it.
with said as (
    select
        line, message, said_ips(message) as ips, said_login(message) as login,
        said_user(message) as actor
    from lines
),
placed as (
    select *, if(len(ips) > 0, said_once(ips), said_first_ip(message)) as src_ip
    from said
),
judged as (
    select *, login is not null and coalesce(src_ip, actor) is not null as is_login
    from placed
)
select
    line as root, 0 as part, 'none' as ts_quality,
    if(is_login, 'login', 'system') as category, if(is_login, 'login', 'log') as activity,
    if(is_login, login, 'unknown') as outcome,
    level_severity(said_level(message)) as severity,
    actor, src_ip, said_port(message, src_ip) as src_port, message,
    if(regexp_matches(message,
        '^(\s|$|[}\])]|Caused by: |Suppressed: |Traceback \(most recent call last\)|goroutine \d+ \[|created by \S+\(|([a-z_]\w*\.)+[A-Z]\w*(Exception|Error|Throwable)\b|[A-Z]\w*(Exception|Error)(: |$))'),
        'blank', 'text') as format
from judged
