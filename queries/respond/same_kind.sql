-- id: same_kind
-- title: Events of the kinds that a finding cites, since a moment, and how far the case can see
-- The kinds are category, activity and object; of the finding's actors, or in its namespaces.
with cited as (
    select distinct
        events.category, events.activity, events.object_kind, events.subresource, events.outcome,
        events.actor, events.namespace, list_last(string_split(events.format, '>')) as source
    from events
    join unnest($keys::struct(evidence varchar, path varchar, line ubigint, part uinteger)[])
        as wanted(place)
        on events.evidence = place.evidence and events.path = place.path
        and events.line = place.line and events.part = place.part
),
since as (
    select
        ts, actor, namespace, category, activity, object_kind, subresource, message,
        evidence, path, line, part
    from events
    where ts > $since::timestamp and coalesce(actor_type, '') != 'investigator'
        and category in (select category from cited)
),
repeated as (
    select distinct since.*
    from since
    join cited on since.category = cited.category
        and since.activity is not distinct from cited.activity
        and since.object_kind is not distinct from cited.object_kind
        and since.subresource is not distinct from cited.subresource
        and (since.actor = cited.actor or since.namespace = cited.namespace
            or (cited.actor is null and cited.namespace is null))
)
select
    (select count(*) from cited)::bigint as kind_count,
    (select list(distinct category order by category) from cited) as categories,
    -- the newest event of the same sources: until then the case can tell
    (select max(ts) from events
        where list_last(string_split(format, '>')) in (select source from cited)) as seen_until,
    (select count(*) from repeated)::bigint as event_count,
    (select list(message order by ts, evidence, path, line, part) from repeated)[:$limit] as examples
