-- id: files-changed
-- title: Executables, accounts or logs that changed in a container
-- attack: T1105
-- severity: high
-- needs: file
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category = 'file' and activity in ('added', 'changed', 'deleted')
    and regexp_matches(file_path, '(^|/)(s?bin/.+|\.[^/]+|passwd|shadow|group|sudoers|authorized_keys|ld\.so\.preload|.*\.log)$')
