-- id: blank_lines
-- title: A line that goes on belongs to the event before it in its file, else to the one after it
-- Its text joins that event's message, where a search finds it. After 200 lines an event of its own
-- begins: a message is what one screen can show, not a file.
create or replace temp table blank_hosts as
with blanks as (
    select joined.root, raw.file
    from joined
    join raw on raw.line = joined.root
    where joined.format = 'blank'
),
hosts as (
    select joined.root, raw.file, min(joined.part) as part
    from joined
    join raw on raw.line = joined.root
    where joined.format != 'blank'
    group by all
),
before as (
    select blanks.root as blank, blanks.file, hosts.root as host
    from blanks
    asof left join hosts on blanks.file = hosts.file and blanks.root > hosts.root
),
placed as (
    select before.blank, before.file, coalesce(before.host, hosts.root) as host
    from before
    asof left join hosts on before.file = hosts.file and before.blank < hosts.root
),
numbered as (
    -- a file of such lines only has no host: its blocks are events of their own
    select *, (row_number() over (partition by file, host order by blank) - 1) // 200 as block
    from placed
),
blocks as (
    select
        if(block = 0 and host is not null, host,
            min(blank) over (partition by file, host, block)) as host,
        blank, block = 0 and host is not null as is_attached
    from numbered
)
select
    blocks.host, if(bool_and(is_attached), any_value(hosts.part), 0) as part,
    bool_and(is_attached) as is_attached,
    list(blocks.blank order by blocks.blank) filter (blocks.blank != blocks.host) as cites,
    string_agg(nullif(rtrim(raw.message), ''), chr(10) order by blocks.blank)
        filter (blocks.blank != blocks.host) as text
from blocks
join raw on raw.line = blocks.blank
left join hosts on hosts.root = blocks.host
group by blocks.host;
update joined
set format = if(joined.format = 'blank', 'text', joined.format),
    cites = list_concat(coalesce(joined.cites, []), coalesce(blank_hosts.cites, [])),
    message = concat_ws(chr(10), joined.message, blank_hosts.text)
from blank_hosts
where joined.root = blank_hosts.host and joined.part = blank_hosts.part;
