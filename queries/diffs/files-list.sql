-- id: files-list
-- title: Files whose hash is not in a list of known good ones
-- what: files
-- against: list
select
    severity,
    if(file_hash is null, 'not hashed', 'not in the list') as difference, activity as delta,
    status as why, json_extract_string(fields, '$.mode') as mode,
    try_cast(json_extract_string(fields, '$.size') as bigint) as size_bytes, ts as changed,
    file_hash as sha256, file_path as path, evidence || ':' || line as citation
from events
where evidence = $evidence and format = 'capture_file' and activity != 'deleted'
    and json_extract_string(fields, '$.type') = 'file'
    and (activity != 'present' or file_hash is not null)
    and (file_hash is null or not list_contains($hashes, file_hash))
order by severity desc, changed desc, path, line
limit $limit
