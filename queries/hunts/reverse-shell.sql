-- id: reverse-shell
-- title: Shells whose input or output is a connection
-- attack: T1059.004
-- severity: critical
-- needs: process api alert http
with commands as (
    select *, coalesce(cmdline, if(category = 'http', url_decode(object_name), null),
        if(category in ('alert', 'process'), message, null)) as command
    from events
    where category in ('process', 'api', 'alert', 'http')
)
select ts, evidence, path, line, part, actor, namespace, pod, message
from commands
where category = 'process' and starts_with(coalesce(status, ''), 'input or output is a socket')
    or regexp_matches(command,
        '/dev/(tcp|udp)/[^/ ]+/\d+|\b(nc|ncat|netcat|nc\.\w+)\s(.*\s)?(-[a-z]*[ec]\s*|--(sh-)?exec[ =])\S*sh\b|\bsocat\b.*\b(exec|system):|\bmkfifo\b.*\b(nc|ncat|telnet|openssl)\b|\bpython\S*\s.*\bsocket\b.*(dup2|pty\.spawn|subprocess)|\bperl\s.*\bSocket\b.*\bexec\b|\bphp\s.*fsockopen|\bruby\s.*TCPSocket')
    or category = 'alert' and regexp_matches(message, '(?i)redirect std(out|in)|reverse shell')
