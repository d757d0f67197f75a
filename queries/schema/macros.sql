-- id: macros
-- title: What several formats need, said once

-- A wall-clock time as UTC. A zone that the analyst gave wins, else UTC is assumed.
create or replace temp macro in_utc(wall, zone) as
    if(zone is null, wall, timezone('UTC', timezone(zone, wall)));

-- How good a time without a zone of its own is: guessed, or the analyst's word. Such times can be
-- corrected later, so they never become `exact`.
create or replace temp macro zone_quality(zone) as
    if(zone is null, 'inferred_zone', 'set_zone');

-- How good a time without year and zone of its own is.
create or replace temp macro year_quality(year, zone) as
    if(year is null, 'inferred_year', 'set_year');

-- `Mar  3 14:05:06[.123456]` as a wall-clock time in the file's year (`stamp_near`), and in the year
-- that is meant (`stamp_ts`): the analyst's, else the latest that does not put the line more than a
-- day after the file was last written. 29 February exists only in some years: then the last leap
-- year. Two steps, because the first one is dear and the second one needs it more than once.
create or replace temp macro stamp_in(text, year) as
    try_strptime(year::varchar || ' ' || text, ['%Y %b %d %H:%M:%S', '%Y %b %d %H:%M:%S.%f']);
create or replace temp macro stamp_near(text, year, file_ts) as
    stamp_in(text, coalesce(year, year(file_ts)));
create or replace temp macro stamp_ts(near, text, year, file_ts) as (
    case
        when near is null and starts_with(text, 'Feb') then coalesce(
            stamp_in(text, coalesce(year, year(file_ts)) - coalesce(year, year(file_ts)) % 4),
            null)
        when year is null and near > file_ts + interval 1 day
            then near - if(starts_with(text, 'Feb 29'), interval 4 year, interval 1 year)
        else near
    end
);

-- An RFC 3339 or ISO 8601 time with any number of fraction digits as UTC microseconds; null if none.
-- `infinity`, years that no calendar has, and year 1 (Go's "no time") are none either.
create or replace temp macro iso_ts(text) as
    if(ltrim(text) between '1900' and '9999' and ltrim(text)[5] not between '0' and '9',
        try_cast(try_cast(text as timestamptz) as timestamp), null);

-- One text value of a JSON document at a JSON path; null for JSON null.
create or replace temp macro jtext(document, path) as
    nullif(json_extract_string(document, path), 'null');

-- The resource of a Kubernetes kind: `Ingress` is ingresses, `NetworkPolicy` networkpolicies.
-- Source: k8s.io/apimachinery/pkg/api/meta, UnsafeGuessKindToResource.
create or replace temp macro resource_of(kind) as (
    case
        when ends_with(lower(kind), 'endpoints') then lower(kind)
        when regexp_matches(lower(kind), '(s|x|z|ch|sh)$') then lower(kind) || 'es'
        when regexp_matches(lower(kind), '[^aeiou]y$') then lower(kind)[:-2] || 'ies'
        else lower(kind) || 's'
    end
);

-- A number as text, in seconds, milli-, micro- or nanoseconds since 1970, as UTC; null if none.
create or replace temp macro epoch_ts(text) as (
    case
        when not regexp_matches(text, '^1[0-9]{9}(\.[0-9]+)?$|^1[0-9]{12}$|^1[0-9]{15}$|^1[0-9]{18}$')
            then null
        when contains(text, '.') or strlen(text) = 10
            then make_timestamp((try_cast(text as decimal(28, 6)) * 1000000)::bigint)
        when strlen(text) = 13 then make_timestamp(try_cast(text as bigint) * 1000)
        when strlen(text) = 16 then make_timestamp(try_cast(text as bigint))
        else make_timestamp(try_cast(text as bigint) // 1000)
    end
);

-- OCSF severity of a logger's level, in lower case.
create or replace temp macro level_severity(level) as
    case
        when level in ('trace', 'debug', 'verbose') then 0
        when level in ('info', 'information', 'informational', 'notice', 'default', 'ok') then 1
        when level in ('warn', 'warning') then 3
        when level in ('error', 'err', 'fail', 'failed') then 4
        when level in ('critical', 'crit', 'alert', 'panic', 'dpanic') then 5
        when level in ('fatal', 'emergency', 'emerg') then 6
    end;

-- `'{"a":…}'` from pairs that may be null: a JSON object without its null members.
create or replace temp macro json_some(document) as
    json_merge_patch('{}', document);

-- Little-endian unsigned number from hexadecimal digits (two a byte, at most 8 bytes).
create or replace temp macro hex_le(digits) as
    try_cast('0x' || array_to_string(list_reverse(regexp_extract_all(digits, '..')), '') as bigint);

-- Text up to the first NUL from hexadecimal digits; null where it is no UTF-8.
create or replace temp macro hex_text(digits) as
    try(decode(unhex(regexp_extract(digits, '^((?:[0-9a-fA-F][1-9a-fA-F]|[1-9a-fA-F]0)*)', 1))));

-- `0:0:0:0:0:0:0:1` as `::1`: the first run of two or more zero groups is left out.
create or replace temp macro ip6_short(groups) as
    if(regexp_matches(groups, '(^|:)0(:0)+(:|$)'),
        regexp_replace(groups, '(^|:)0(:0)+(:|$)', '::'), groups);

-- The bytes of hexadecimal digits as text; NUL becomes a blank, what is no UTF-8 an escape.
create or replace temp macro hex_lossy(digits) as
    replace(coalesce(try(decode(unhex(digits))), replace(try(unhex(digits)::varchar), '\x00', ' '),
        digits), chr(0), ' ');

-- A value of an audit record: quoted, or hexadecimal where it holds blanks or controls.
create or replace temp macro audit_value(value) as
    case
        when value is null or value in ('', '?', '(null)', '(none)') then null
        when value[1] = '"' then trim(value, '"')
        when regexp_full_match(value, '([0-9A-F]{2}){2,}') then hex_lossy(value)
        else value
    end;

-- Names of the system calls that an investigation meets, by the `arch` of the record: x86-64,
-- aarch64 or 32-bit x86; else `syscall_N`.
create or replace temp macro audit_syscall(arch, number) as
    coalesce(
        case arch
            when 'c00000b7' then map {'203': 'connect', '202': 'accept', '242': 'accept',
                '200': 'bind', '201': 'listen', '198': 'socket', '206': 'sendto', '211': 'sendto',
                '207': 'recvfrom', '212': 'recvfrom', '221': 'exec', '281': 'exec', '56': 'open',
                '437': 'open', '35': 'delete', '38': 'rename', '276': 'rename', '34': 'mkdir',
                '33': 'mknod', '36': 'symlink', '37': 'link', '53': 'chmod', '52': 'chmod',
                '54': 'chown', '55': 'chown', '45': 'truncate', '46': 'truncate', '40': 'mount',
                '39': 'umount', '41': 'pivot_root', '51': 'chroot', '117': 'ptrace',
                '129': 'kill', '105': 'init_module', '273': 'init_module', '106': 'delete_module',
                '97': 'unshare', '268': 'setns', '270': 'process_vm_read',
                '271': 'process_vm_write', '279': 'memfd_create', '280': 'bpf', '220': 'clone',
                '435': 'clone', '146': 'setuid', '147': 'setuid', '112': 'clock_set',
                '170': 'clock_set', '161': 'sethostname', '5': 'setxattr'}[number]
            when '40000003' then map {'11': 'exec', '358': 'exec', '5': 'open', '295': 'open',
                '10': 'delete', '301': 'delete', '38': 'rename', '39': 'mkdir', '14': 'mknod',
                '15': 'chmod', '306': 'chmod', '182': 'chown', '21': 'mount', '26': 'ptrace',
                '37': 'kill', '128': 'init_module', '350': 'init_module', '102': 'socketcall',
                '362': 'connect', '361': 'bind', '363': 'listen', '364': 'accept', '359': 'socket',
                '310': 'unshare', '346': 'setns', '356': 'memfd_create', '357': 'bpf'}[number]
            else map {'0': 'read', '1': 'write', '2': 'open', '257': 'open', '437': 'open',
                '85': 'create', '41': 'socket', '42': 'connect', '43': 'accept', '288': 'accept',
                '44': 'sendto', '46': 'sendto', '307': 'sendto', '45': 'recvfrom',
                '47': 'recvfrom', '49': 'bind', '50': 'listen', '56': 'clone', '435': 'clone',
                '59': 'exec', '322': 'exec', '62': 'kill', '82': 'rename', '264': 'rename',
                '316': 'rename', '87': 'delete', '263': 'delete', '84': 'rmdir', '83': 'mkdir',
                '258': 'mkdir', '133': 'mknod', '259': 'mknod', '88': 'symlink', '266': 'symlink',
                '86': 'link', '265': 'link', '90': 'chmod', '91': 'chmod', '268': 'chmod',
                '92': 'chown', '93': 'chown', '94': 'chown', '260': 'chown', '76': 'truncate',
                '77': 'truncate', '101': 'ptrace', '105': 'setuid', '113': 'setuid',
                '117': 'setuid', '155': 'pivot_root', '161': 'chroot', '165': 'mount',
                '166': 'umount', '159': 'clock_set', '164': 'clock_set', '227': 'clock_set',
                '170': 'sethostname', '175': 'init_module', '313': 'init_module',
                '176': 'delete_module', '188': 'setxattr', '272': 'unshare', '308': 'setns',
                '310': 'process_vm_read', '311': 'process_vm_write', '319': 'memfd_create',
                '321': 'bpf'}[number]
        end,
        'syscall_' || number);

-- Sixteen bytes of hexadecimal digits as an IPv6 address in its short form, or as the IPv4 address
-- that is mapped into it.
create or replace temp macro ip6_text(digits) as
    if(lower(digits[1:24]) = repeat('0', 20) || 'ffff',
        concat_ws('.', hex_le(digits[25:26]), hex_le(digits[27:28]), hex_le(digits[29:30]),
            hex_le(digits[31:32])),
        ip6_short(lower(array_to_string(list_transform(range(0, 8),
            lambda i: ltrim(digits[(1 + i * 4):(3 + i * 4)], '0') || digits[(4 + i * 4):(4 + i * 4)]),
            ':'))));

-- Address and port of `1.2.3.4:80`, `[fd00::1]:80` or a bare address; null for anything else.
create or replace temp macro address_of(peer) as
    nullif(coalesce(
        nullif(regexp_extract(peer, '^\[?([0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:.]*)\]?(?:$|\]:\d+$)', 1), ''),
        regexp_extract(peer, '^((?:\d{1,3}\.){3}\d{1,3})(?::\d+)?$', 1)), '');
create or replace temp macro port_of(peer) as
    try_cast(nullif(regexp_extract(peer, ':(\d{1,5})/?$', 1), '') as usmallint);
