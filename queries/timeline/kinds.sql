-- id: kinds
-- title: How many events there are of the kinds that an investigation turns on
select
    count(*) filter (category = 'api')::bigint as api_count,
    count(*) filter (category = 'network')::bigint as network_count,
    count(*) filter (category = 'login')::bigint as login_count,
    count(*) filter (category = 'ssh')::bigint as ssh_count,
    count(*) filter (category = 'process')::bigint as process_count,
    count(*) filter (category = 'file')::bigint as file_count,
    count(*) filter (path ilike '%kubelet%' or exe ilike '%kubelet')::bigint as kubelet_count,
    count(*) filter (ts_quality in ('inferred_zone', 'inferred_year'))::bigint as inferred_count,
    count(*) filter (ts is null)::bigint as timeless_count,
    count(*) filter (ts < $low or ts >= $high)::bigint as odd_count
from events
