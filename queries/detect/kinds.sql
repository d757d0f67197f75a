-- id: kinds
-- title: What a case has for hunts to look at: categories, and whether API requests have their bodies
select distinct category
from events
where category is not null
union all
select 'bodies'
where exists (
    select 1
    from events
    where category = 'api' and activity in ('create', 'update', 'patch')
        and regexp_matches(fields, '"(requestObject|responseObject|request)"\s*:\s*\{')
)
