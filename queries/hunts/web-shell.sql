-- id: web-shell
-- title: Requests that carry commands
-- attack: T1505.003
-- severity: high
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where regexp_matches(lower(message),
    '[?&](cmd|exec|command|shell)=[^ ]*(id|uname|wget|curl|cat|ls|chmod|/bin/|%2fbin%2f)')
