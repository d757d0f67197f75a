-- id: web-shell
-- title: Requests that carry commands
-- attack: T1505.003
-- severity: high
-- needs: http process api alert system
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where regexp_matches(lower(message),
        '[?&](cmd|exec|command|shell)=[^ ]*(id|uname|wget|curl|cat|ls|chmod|/bin/|%2fbin%2f)')
    -- a shell's separator, then a command: what an injection looks like once it is decoded
    or category = 'http' and regexp_matches(lower(url_decode(object_name)),
        '[?&][^=&]*=[^&]*(;|\||`|\$\()\s*\(?(id|uname|hostname|whoami|ps|env|mount|nc|wget|curl|cat|ls|sh|bash|setsid|chmod|rm)\b')
