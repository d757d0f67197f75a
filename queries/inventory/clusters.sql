-- id: clusters
-- title: Clusters that the evidence names
select distinct cluster
from events
where category in ('api', 'workload') and cluster is not null and cluster != ''
order by cluster
