-- id: files-image
-- title: Files that are not as in the image
-- what: files
-- against: image
select
    severity, activity as delta, status as why,
    json_extract_string(fields, '$.mode') as mode, replace(actor, 'uid ', '') as uid,
    try_cast(json_extract_string(fields, '$.size') as bigint) as size_bytes,
    json_extract_string(fields, '$.mtime') as modified, ts as changed, file_hash as sha256,
    file_path as path, evidence || ':' || line as citation
from events
where evidence = $evidence and format = 'capture_file'
    and (activity != 'present' or severity > 1)
order by severity desc, changed desc, path, line
limit $limit
