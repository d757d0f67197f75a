-- id: accounts
-- title: Changes of accounts and groups (useradd, usermod, passwd, chpasswd, groupadd …)
-- kind: record
-- rank: 41
-- recognise: ^(new user: name=|new group: name=|group added to|delete user |delete '|add '|change user |changed user |removed (shadow )?group|pam_unix\((passwd|chpasswd|useradd|usermod):\w+\):|changed password|password for |failed adding|lock user |unlock user |user \S+ (added|removed) by )
-- example: new user: name=elastic_user_0, UID=1001, GID=1002, home=/home/elastic_user_0, shell=/bin/bash
-- example: add 'mallory' to group 'docker'
-- example: pam_unix(chpasswd:chauthtok): password changed for elastic_user_0
-- yields: login
-- source: shadow useradd.c, usermod.c, userdel.c, groupadd.c, gpasswd.c, passwd.c; Linux-PAM pam_unix
with said as (
    select
        evidence, line, offset_bytes, message, program,
        case
            when starts_with(message, 'new user: name=') then 'create_user'
            when starts_with(message, 'new group: name=')
                or starts_with(message, 'group added to ') then 'create_group'
            when starts_with(message, 'failed adding ') then 'create_user'
            when regexp_matches(message, '^delete user ''') then 'delete_user'
            when regexp_matches(message, '^removed (shadow )?group ''') then 'delete_group'
            when regexp_matches(message, '^(add ''.*'' to|user \S+ added by )') then 'add_to_group'
            when regexp_matches(message, '^(delete ''.*'' from|user \S+ removed by )')
                then 'remove_from_group'
            when regexp_matches(message, '^(un)?lock user ') then split_part(message, ' ', 1)
            when regexp_matches(message, '^(password for ''|pam_unix\(\w+:chauthtok\): password changed)')
                then 'change_password'
            when regexp_matches(message, '^pam_unix\((passwd|chpasswd|useradd|usermod):\w+\): ')
                then 'change_password'
            when regexp_matches(message, '^(change|changed) (user|password) ') then 'change_user'
        end as activity,
        regexp_matches(message, '^failed |authentication failure|does not exist|failed to ')
            as is_failure
    from lines
    where program is null or program in ('useradd', 'usermod', 'userdel', 'groupadd', 'groupmod',
        'groupdel', 'passwd', 'chpasswd', 'chage', 'chsh', 'chfn', 'gpasswd', 'adduser', 'newusers')
)
select
    evidence, line, offset_bytes, 'login' as category, activity,
    if(is_failure, 'failed', 'ok') as outcome,
    -- a second root is worth a look
    if(activity = 'create_user' and contains(message, ', UID=0,'), 4, 3) as severity,
    coalesce(
        nullif(regexp_extract(message, ' changed by ''([^'']+)''$', 1), ''),
        nullif(regexp_extract(message, '^user \S+ (?:added|removed) by (\S+) ', 1), '')) as actor,
    if(ends_with(activity, '_group') and activity not in ('add_to_group', 'remove_from_group'),
        'group', 'user') as object_kind,
    coalesce(
        nullif(regexp_extract(message, 'name=([^,\s]+)', 1), ''),
        nullif(regexp_extract(message, '''([^'']*)''', 1), ''),
        nullif(regexp_extract(message, 'user "([^"]*)"', 1), ''),
        nullif(regexp_extract(message, '^user (\S+) ', 1), ''),
        nullif(regexp_extract(message, 'changed for (\S+)$', 1), ''),
        nullif(regexp_extract(message, ' user=(\S+)$', 1), '')) as object_name,
    if(program is null, message, program || ': ' || message) as message,
    json_object(
        'uid', nullif(regexp_extract(message, '[ ,]UID=(\d+)', 1), ''),
        'shell', nullif(regexp_extract(message, ', shell=(\S+?)(?:,|$)', 1), ''),
        'group', nullif(regexp_extract(message, ' (?:shadow )?group ''?([^'']+?)''?$', 1), ''))
        as fields
from said
where activity is not null
