-- id: miner
-- title: Signs of a cryptominer
-- attack: T1496
-- severity: high
-- needs: process network dns http alert container workload api
select ts, evidence, path, line, part, actor, namespace, pod, message
from events
where regexp_matches(lower(concat_ws(' ', exe, cmdline, image,
        if(category in ('alert', 'dns', 'http'), message, null), dst_name)),
        'stratum\+(tcp|ssl|tls)|stratum1|\b(xmrig|xmr-stak|minerd|cpuminer|ccminer|ethminer|t-rex|nbminer|lolminer|kinsing|kdevtmpfsi|nanominer|phoenixminer)\b|--(donate-level|coin[= ]monero|algo[= ](rx|cn|randomx)|nicehash)\b|\b([a-z0-9-]+\.)*(minexmr|supportxmr|nanopool|moneroocean|hashvault|c3pool|f2pool|2miners|xmrpool|monerohash|herominers|unmineable|viaxmr)\.(com|org|stream|pro|net|eu|xyz|ws|io)\b')
    or category = 'network' and dst_port in (3333, 4444, 5555, 7777, 14433, 14444, 45560, 45700)
        and is_outside(dst_ip) and activity not in ('block', 'listen', 'bind')
        and outcome not in ('denied', 'failed')
