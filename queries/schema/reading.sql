-- id: reading
-- title: Macros that filters, views and pivots use on the index

-- An IPv4 address as 32 hexadecimal digits, mapped into IPv6; null for what is none. A leading zero
-- makes it none: some programs read such a number as octal.
create or replace macro ipv4_hex(address) as
    case
        when regexp_full_match(
            address, '((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.|$)){4}')
            and not ends_with(address, '.')
            then format('00000000000000000000ffff{:02x}{:02x}{:02x}{:02x}',
                try_cast(split_part(address, '.', 1) as integer),
                try_cast(split_part(address, '.', 2) as integer),
                try_cast(split_part(address, '.', 3) as integer),
                try_cast(split_part(address, '.', 4) as integer))
    end;

-- `::ffff:10.0.0.1` with its last 32 bits as two groups; any other text as it is.
create or replace macro ipv6_groups(address) as
    coalesce(
        regexp_replace(address, '[0-9.]+$', '')
            || substring(ipv4_hex(regexp_extract(address, ':([0-9.]+)$', 1)), 25, 4) || ':'
            || substring(ipv4_hex(regexp_extract(address, ':([0-9.]+)$', 1)), 29, 4),
        address);

-- Groups of `1:2:3` as four digits each.
create or replace macro ipv6_digits(groups) as
    array_to_string(
        list_transform(
            list_filter(string_split(lower(groups), ':'), lambda x: x != ''),
            lambda x: lpad(x, 4, '0')),
        '');

-- 32 hexadecimal digits of groups that are known to be well formed but for their number.
create or replace macro ipv6_filled(groups) as
    if(contains(groups, '::'),
        ipv6_digits(split_part(groups, '::', 1))
            || repeat('0', 32 - length(ipv6_digits(groups)))
            || ipv6_digits(split_part(groups, '::', 2)),
        ipv6_digits(groups));

create or replace macro ipv6_hex(groups) as
    case
        when regexp_full_match(
            groups,
            '([0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4}){0,7})?(::([0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4}){0,6})?)?')
            and length(ipv6_digits(groups)) between
                if(contains(groups, '::'), 0, 32) and if(contains(groups, '::'), 28, 32)
            then ipv6_filled(groups)
    end;

-- An address as 32 hexadecimal digits, whatever way it is written (a zone such as %eth0 is left
-- out), IPv4 mapped into IPv6; null for what is no address. Its order is the order of addresses.
create or replace macro ip_hex(address) as
    if(contains(address, ':'),
        ipv6_hex(ipv6_groups(split_part(address, '%', 1))), ipv4_hex(address));
