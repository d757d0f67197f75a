-- id: blank_lines
-- title: A blank or indented line belongs to the event before it in its file, else to the one after it
create or replace temp table blank_hosts as
with blanks as (
    select batch.root, raw.file
    from batch
    join raw on raw.line = batch.root
    where batch.format = 'blank'
),
hosts as (
    select batch.root, raw.file, min(batch.part) as part
    from batch
    join raw on raw.line = batch.root
    where batch.format != 'blank'
    group by all
),
before as (
    select blanks.root as blank, blanks.file, hosts.root as host
    from blanks
    asof left join hosts on blanks.file = hosts.file and blanks.root > hosts.root
),
placed as (
    select before.blank, coalesce(before.host, hosts.root) as host
    from before
    asof left join hosts on before.file = hosts.file and before.blank < hosts.root
)
select placed.host, hosts.part, list(placed.blank order by placed.blank) as cites
from placed
join hosts on hosts.root = placed.host
group by all;
update batch
set cites = list_concat(coalesce(batch.cites, []), blank_hosts.cites)
from blank_hosts
where batch.root = blank_hosts.host and batch.part = blank_hosts.part and batch.format != 'blank';
-- a file of blank lines only keeps them as events
update batch
set format = 'text'
where format = 'blank' and root not in (select unnest(cites) from blank_hosts);
