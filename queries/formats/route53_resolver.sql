-- id: route53_resolver
-- title: Amazon Route 53 Resolver query log
-- kind: record
-- fields: message
-- rank: 16
-- recognise: "query_timestamp"\s*:.*"query_name"\s*:
-- example: {"version":"1.100000","account_id":"123456789012","region":"us-west-2","vpc_id":"vpc-0123","query_timestamp":"2024-02-04T17:51:55Z","query_name":"pool.example.com.","query_type":"A","query_class":"IN","rcode":"NOERROR","answers":[{"Rdata":"203.0.113.9","Type":"A","Class":"IN"}],"srcaddr":"10.0.1.15","srcport":"45607","transport":"UDP","srcids":{"instance":"i-0d15cd0d3example"}}
-- yields: dns
-- source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html
with documents as (
    select
        evidence, line, offset_bytes,
        from_json(message, '{"query_timestamp": "VARCHAR", "account_id": "VARCHAR",
            "region": "VARCHAR", "vpc_id": "VARCHAR", "query_name": "VARCHAR",
            "query_type": "VARCHAR", "rcode": "VARCHAR", "answers": [{"Rdata": "VARCHAR"}],
            "srcaddr": "VARCHAR", "srcport": "VARCHAR", "srcids": {"instance": "VARCHAR"},
            "firewall_rule_action": "VARCHAR"}') as r
    from lines
    where message[1] = '{' and json_valid(message)
)
select
    evidence, line, offset_bytes, iso_ts(r.query_timestamp) as ts,
    if(iso_ts(r.query_timestamp) is null, 'none', 'exact') as ts_quality,
    'dns' as category, 'query' as activity,
    case
        when r.firewall_rule_action = 'BLOCK' or r.rcode = 'REFUSED' then 'denied'
        when r.rcode = 'NOERROR' then 'ok'
        when r.rcode is null then 'unknown'
        else 'failed'
    end as outcome,
    r.rcode as status, if(r.firewall_rule_action in ('BLOCK', 'ALERT'), 3, 1) as severity,
    r.srcaddr as src_ip, try_cast(r.srcport as usmallint) as src_port,
    rtrim(r.query_name, '.') as dst_name, r.srcids.instance as node,
    r.account_id as cloud_account, r.region,
    concat_ws(' ', r.query_type, r.query_name, r.rcode,
        nullif(array_to_string(list_transform(r.answers, lambda a: a.Rdata), ', '), ''),
        'firewall ' || r.firewall_rule_action) as message
from documents
where r.query_timestamp is not null and r.query_name is not null
