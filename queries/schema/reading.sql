-- id: reading
-- title: Macros that filters, views and pivots use on the index

-- An address as 32 hexadecimal digits, IPv4 mapped into IPv6; null for what is no address.
create or replace macro ip_hex(address) as
    case
        when regexp_full_match(address, '\d{1,3}(\.\d{1,3}){3}')
            and list_max(list_transform(string_split(address, '.'), lambda x: x::integer)) < 256
            then repeat('0', 20) || 'ffff' || array_to_string(
                list_transform(string_split(address, '.'),
                    lambda x: lower(lpad(to_hex(x::integer), 2, '0'))), '')
        when regexp_full_match(address, '[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,7}')
            then if(contains(address, '::'),
                array_to_string(list_transform(
                    list_filter(string_split(split_part(address, '::', 1), ':'), lambda x: x != ''),
                    lambda x: lpad(lower(x), 4, '0')), '')
                || repeat('0000', greatest(0, 8
                    - len(list_filter(string_split(address, ':'), lambda x: x != ''))))
                || array_to_string(list_transform(
                    list_filter(string_split(split_part(address, '::', 2), ':'), lambda x: x != ''),
                    lambda x: lpad(lower(x), 4, '0')), ''),
                array_to_string(list_transform(string_split(address, ':'),
                    lambda x: lpad(lower(x), 4, '0')), ''))
    end;
