-- id: release-agent
-- title: A cgroup's release agent, set from inside
-- attack: T1611
-- severity: critical
-- needs: process file alert system api
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where regexp_matches(coalesce(file_path, ''), '/(release_agent|notify_on_release)$')
        and activity not in ('read', 'present', 'observed')
    or regexp_matches(coalesce(cmdline, ''), 'release_agent|notify_on_release')
    or category in ('alert', 'http') and regexp_matches(message, 'release_agent|notify_on_release')
    or activity = 'check' and object_name = 'release-agent' and status = 'yes'
