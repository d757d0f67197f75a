-- id: accounts
-- title: Changes of accounts and groups (useradd, usermod, passwd, chpasswd, groupadd …)
-- kind: record
-- rank: 41
-- recognise: ^(new user: name=|new group: name=|group added to|delete user |delete '|add '|change user |changed user |removed group|pam_unix\((passwd|chpasswd|useradd|usermod):\w+\):|changed password expiry|password for )
-- example: new user: name=elastic_user_0, UID=1001, GID=1002, home=/home/elastic_user_0, shell=/bin/bash
-- yields: login
-- source: shadow useradd.c, usermod.c, userdel.c, groupadd.c
select
    evidence, line, offset_bytes, 'login' as category,
    case
        when message like 'new user:%' then 'create_user'
        when message like 'new group:%' or message like 'group added%' then 'create_group'
        when message like 'delete user%' or message like 'removed group%' then 'delete'
        when message like 'add ''%' then 'add_to_group'
        when message like 'delete ''%' then 'remove_from_group'
        else 'change'
    end as activity,
    if(message like '%authentication failure%', 'failed', 'ok') as outcome,
    3 as severity,
    case when message like '%group%' and message not like 'add ''%' then 'group' else 'user' end
        as object_kind,
    coalesce(
        nullif(regexp_extract(message, 'name=([^,\s]+)', 1), ''),
        nullif(regexp_extract(message, '''([^'']*)''', 1), ''),
        nullif(regexp_extract(message, '(?:for|user) ([^\s'']+)', 1), '')) as object_name,
    if(program is null, message, program || ': ' || message) as message
from lines
where (program is null or program in ('useradd', 'usermod', 'userdel', 'groupadd', 'groupmod',
        'groupdel', 'passwd', 'chpasswd', 'chage', 'gpasswd', 'adduser', 'newusers'))
    and regexp_matches(message,
        '^(new user: name=|new group: name=|group added to|delete user |delete ''|add ''|change user |changed user |removed group|pam_unix\((passwd|chpasswd|useradd|usermod):|changed password|password for )')
