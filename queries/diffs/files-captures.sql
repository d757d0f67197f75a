-- id: files-captures
-- title: Files that are not as in other captures (an earlier one, or sibling replicas)
-- what: files
-- against: capture, siblings
-- A capture has what differs from the image; so two captures of one image are compared by that.
with rows as (
    select
        evidence, line, file_path, activity, severity, status, ts, file_hash, fields,
        -- of a folder its size and times say nothing; times of mounted files are the pod's age
        concat_ws('|', activity, json_extract_string(fields, '$.type'),
            json_extract_string(fields, '$.mode'), json_extract_string(fields, '$.uid'),
            if(json_extract_string(fields, '$.type') = 'file',
                coalesce(file_hash, json_extract_string(fields, '$.size')), null),
            json_extract_string(fields, '$.target'),
            if(activity = 'deleted', 'gone', null)) as state
    from events
    where (evidence = $evidence or list_contains($others, evidence)) and format = 'capture_file'
        -- the runtime writes these for each pod anew; folders with a time in their name are the
        -- kubelet's way to replace a volume's files at once
        and coalesce(json_extract_string(fields, '$.volume'), '') != 'runtime'
        and not regexp_matches(file_path, '/\.\.(data|20\d\d_\d\d_\d\d)')
        and status != 'made by the runtime'
),
mine as (select * from rows where evidence = $evidence),
theirs as (
    select file_path, list(distinct state) as states, count(distinct evidence) as captures,
        min_by(activity, line) as activity, min_by(evidence || ':' || line, line) as citation,
        max(severity) as severity, min_by(status, line) as status, max(ts) as ts,
        min_by(file_hash, line) as file_hash, min_by(fields, line) as fields
    from rows
    where evidence != $evidence
    group by file_path
)
select
    coalesce(mine.severity, theirs.severity) as severity,
    case when theirs.file_path is null then 'only here'
        when mine.file_path is null then 'only there' else 'differs' end as difference,
    coalesce(mine.activity, theirs.activity) as delta,
    coalesce(mine.status, theirs.status) as why,
    json_extract_string(coalesce(mine.fields, theirs.fields), '$.mode') as mode,
    try_cast(json_extract_string(coalesce(mine.fields, theirs.fields), '$.size') as bigint)
        as size_bytes,
    coalesce(mine.ts, theirs.ts) as changed,
    coalesce(mine.file_hash, theirs.file_hash) as sha256,
    coalesce(theirs.captures, 0) as also_in,
    coalesce(mine.file_path, theirs.file_path) as path,
    coalesce(mine.evidence || ':' || mine.line, theirs.citation) as citation
from mine
full join theirs using (file_path)
where theirs.file_path is null
    -- gone since an earlier capture, or every sibling has it
    or (mine.file_path is null and theirs.captures = len($others))
    or not list_contains(theirs.states, mine.state)
order by severity desc, changed desc, path, citation
limit $limit
