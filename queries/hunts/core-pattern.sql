-- id: core-pattern
-- title: A program of one's own for the kernel to call at crashes (core_pattern) or for modules
-- attack: T1611
-- severity: critical
-- needs: process file alert system api
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category = 'file' and regexp_matches(file_path, '/sys/kernel/(core_pattern|modprobe|uevent_helper)$')
        and activity not in ('read', 'open', 'openat', 'present')
    or regexp_matches(coalesce(cmdline, ''),
        '(>|tee)\s*\S*/sys/kernel/(core_pattern|modprobe|uevent_helper)|sysctl\s+(-w\s+)?kernel\.(core_pattern|modprobe)\s*=')
        -- the two that distributions set
        and not regexp_matches(cmdline, 'core_pattern\s*=\s*"?\|/usr/(share/apport/apport|lib/systemd/systemd-coredump)')
    or activity = 'check' and object_name in ('core-pattern', 'modprobe', 'binfmt') and status = 'yes'
