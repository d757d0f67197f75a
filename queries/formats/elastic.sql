-- id: elastic
-- title: Elasticsearch and OpenSearch export (hits, elasticdump lines)
-- kind: envelope
-- rank: 22
-- expands: yes
-- recognise: "_source"\s*:\s*\{
-- example: {"_index":"filebeat","_id":"1","_source":{"@timestamp":"2026-01-02T03:04:05Z","message":"hello","kubernetes":{"namespace":"shop","pod":{"name":"web-1"}}}}
-- yields: system
-- source: https://www.elastic.co/guide/en/elasticsearch/reference/current/search-search.html
with documents as (
    select
        evidence, line, offset_bytes,
        if(json_exists(message, '$.hits.hits'),
            json_extract(message, '$.hits.hits[*]'), [message::json]) as found
    from lines
    where message[1] = '{' and json_valid(message)
),
hits as (
    select evidence, line, offset_bytes, unnest(found) as hit
    from documents
)
select
    evidence, line, offset_bytes, json_extract(hit, '$._source')::varchar as message,
    json_members(['_index', '_id'], json_extract(hit, ['$._index', '$._id'])) as envelope
from hits
where json_exists(hit, '$._source')
