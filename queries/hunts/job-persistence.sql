-- id: job-persistence
-- title: Jobs and cron jobs that fetch or decode something, or open a connection
-- attack: T1053.007
-- severity: high
-- needs: api
-- Without the request's body it can't be seen what a cron job runs: then each new one.
select ts, evidence, path, line, part, actor, namespace, pod, message
from api_writes
where object_kind in ('cronjobs', 'jobs') and activity in ('create', 'update', 'patch')
    and not is_component(actor)
    and case
        when regexp_matches(fields, '"(requestObject|responseObject|request)"\s*:\s*\{')
            then regexp_matches(fields,
                '"(command|args)"\s*:\s*\[[^\]]*(\b(curl|wget|base64|ncat|nc|socat|kubectl|crontab)\b|/dev/tcp/|openssl enc|(python|perl|ruby|php)\S* -[cer])')
        else object_kind = 'cronjobs' and activity = 'create' and not is_system(actor)
    end
