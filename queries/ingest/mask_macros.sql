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
    if(coalesce(contains(message, value), false) or coalesce(contains(fields, value), false), null, value);
