-- id: page
-- title: Some rows of a comparison that was made, from a place on, with what words it has
-- source: console/visibility/comparison.py, which makes `found`
with texts as (
    select *,
        lower(concat_ws(' ', *columns(lambda name: name not in ('_number', '_place', 'citation'))))
            as _text
    from found
),
chosen as (
    select * exclude (_text), count(*) over () as _count
    from texts
    where len(list_filter($words::varchar[], lambda word: not contains(_text, word))) = 0
        and len(list_filter($without::varchar[], lambda word: contains(_text, word))) = 0
)
select * exclude (_number, _place)
from chosen
-- several captures: the worst of all first; one: in the order of its answer
order by if($is_joined, -severity::integer, 0) nulls last, _number, _place
limit $limit offset $offset
