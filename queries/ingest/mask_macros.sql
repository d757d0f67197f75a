-- id: mask_macros
-- title: How a secret is found in an object, and what stands in its place

-- What stands for a secret: the start of a digest with the case's key.
create or replace temp macro mask_of(secret) as
    '‹masked:' || left(sha256(getvariable('masking_key') || sha256(getvariable('masking_key') || secret)), 8)
        || '›';

-- Values of `data` and `stringData` of Secret objects, and tokens, wherever an audit record or a list
-- has them; also as they stand in the annotation that kubectl apply leaves.
create or replace temp macro secret_values(document) as
    list_concat(
        json_extract_string(document, '$..data.*'),
        json_extract_string(document, '$..stringData.*'),
        json_extract_string(document, '$..token'),
        flatten(list_transform(
            json_extract_string(document,
                '$.."kubectl.kubernetes.io/last-applied-configuration"'),
            lambda a: if(json_valid(a), list_concat(json_extract_string(a, '$..data.*'),
                json_extract_string(a, '$..stringData.*')), []))),
        flatten(list_transform(
            json_extract_string(document, '$..patch'),
            lambda a: if(json_valid(a), json_extract_string(a, '$..data.*'), [])))
    );

create or replace temp macro json_escaped(text) as
    (to_json(text)::varchar)[2:-2];

-- Between quotes, plain and as they are escaped in JSON once and twice; the longest first.
create or replace temp macro mask_quoted(document, secrets) as
    list_reduce(
        list_concat([document], list_transform(secrets, lambda s: s[2])),
        lambda text, s: replace(replace(replace(text,
            to_json(s)::varchar, '"' || mask_of(s) || '"'),
            json_escaped(to_json(s)::varchar), '\"' || mask_of(s) || '\"'),
            '"' || s || '"', '"' || mask_of(s) || '"'));

create or replace temp macro mask_loose(document, secrets) as
    list_reduce(
        list_concat([document], list_transform(secrets, lambda s: s[2])),
        lambda text, s: replace(text, s, mask_of(s)));

-- A value that no text of its event has.
create or replace temp macro lacking(value, message, fields) as
    case when contains(message, value) then null when contains(fields, value) then null else value end;

-- An analyst types an address or a name and means the whole line: what its text lacks is kept for the
-- search. A record that is kept whole has all but what the file's place says.
create or replace temp macro also_of(
    cluster, node, namespace, workload, pod, container, container_id, program, is_whole,
    actor, session, user_agent, src_ip, dst_ip, dst_name, object_name, file_path, file_hash,
    image, cloud_account, region, exe, cmdline, message, fields
) as
    nullif(concat_ws(chr(10),
        lacking(cluster, message, fields), lacking(node, message, fields),
        lacking(namespace, message, fields), lacking(workload, message, fields),
        lacking(pod, message, fields), lacking(container, message, fields),
        lacking(container_id, message, fields), lacking(program, message, fields),
        if(is_whole, null, nullif(concat_ws(chr(10),
            lacking(actor, message, fields), lacking(session, message, fields),
            lacking(user_agent, message, fields), lacking(src_ip, message, fields),
            lacking(dst_ip, message, fields), lacking(dst_name, message, fields),
            lacking(object_name, message, fields), lacking(file_path, message, fields),
            lacking(file_hash, message, fields), lacking(image, message, fields),
            lacking(cloud_account, message, fields), lacking(region, message, fields),
            lacking(exe, message, fields), lacking(cmdline, message, fields)), ''))), '');
