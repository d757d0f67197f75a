-- id: files-changed
-- title: Executables, accounts, start-up files or logs that changed in a container
-- attack: T1105 T1098.004 T1574.006 T1053.003
-- severity: high
-- needs: file
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category = 'file' and activity in ('added', 'changed', 'deleted', 'metadata', 'create', 'write')
    and coalesce(status, '') != 'made by the runtime'
    and (regexp_matches(file_path,
            '(^|/)(s?bin/.+|\.[^/]+|passwd|shadow|group|sudoers|authorized_keys2?|ld\.so\.preload|.*\.log)$|(^|/)(etc/(cron[^/]*|systemd/system|init\.d|profile\.d|sudoers\.d)|var/spool/cron)/')
        or regexp_matches(coalesce(status, ''), 'setuid|file capabilities|executable changed'))
