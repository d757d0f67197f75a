-- id: leftover_text
-- title: A line that no format knows is an event of format text
-- A blank, indented or closing line, and one of a stack trace, goes on with the event before it.
with said as (
    select line, message, said_ip(message) as src_ip, said_user(message) as actor
    from lines
),
judged as (
    select *, login_of(message, actor, src_ip) as login
    from said
)
select
    line as root, 0 as part, 'none' as ts_quality,
    if(login is null, 'system', 'login') as category, if(login is null, 'log', 'login') as activity,
    coalesce(login, 'unknown') as outcome,
    level_severity(said_level(message)) as severity,
    actor, src_ip, said_port(message, src_ip) as src_port, message,
    if(regexp_matches(message,
        '^(\s|$|[}\])]|Caused by: |Suppressed: |Traceback \(most recent call last\)|goroutine \d+ \[|created by \S+\(|([a-z_]\w*\.)+[A-Z]\w*(Exception|Error|Throwable)\b|[A-Z]\w*(Exception|Error)(: |$))'),
        'blank', 'text') as format
from judged
