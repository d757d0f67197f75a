-- id: logins-guessed
-- title: Addresses with many failed logins
-- attack: T1110
-- severity: medium
-- needs: login
with guessers as (
    select src_ip
    from events
    where category = 'login' and outcome in ('failed', 'denied') and src_ip is not null
    group by src_ip
    having count(*) >= 10
)
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category = 'login' and src_ip in (select src_ip from guessers)
