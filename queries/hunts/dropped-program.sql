-- id: dropped-program
-- title: Programs run from a temporary folder, from memory, or after they were deleted
-- attack: T1105 T1620
-- severity: high
-- needs: process alert network
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where category in ('process', 'network') and activity not in ('exit', 'close')
        and (regexp_matches(coalesce(exe, ''), '^/?memfd:|^(/proc/self/fd/|/dev/fd/)')
            or exe like '% (deleted)'
            or category = 'process' and regexp_matches(exe, '^(/var)?/tmp/|^/(dev|run)/shm/|^/run/user/')
            or category = 'process' and activity = 'running' and regexp_matches(coalesce(status, ''),
                'runs from memory only|its file was deleted|not in the image|code from memory'))
        -- a package manager's: the old file's name, until the service starts anew
        and not regexp_matches(coalesce(exe, ''), ';[0-9a-f]{8} \(deleted\)$')
    or category = 'alert' and regexp_matches(message, '(?i)drop and execute|fileless|memfd:')
