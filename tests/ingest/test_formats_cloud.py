"""Cloud logs of an incident: object access, DNS, findings, flows and sign-ins, as their services write them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.trial import parse_lines

OWNER = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
HEAD = f"{OWNER} backups [06/Feb/2019:02:00:38 +0200]"
TAIL = "- aGVsbG8= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader backups.s3.eu-west-1.amazonaws.com TLSv1.2"


def read(line: str) -> dict[str, Any]:
    [event] = parse_lines([line])
    return event


def of(event: dict[str, Any], *columns: str) -> tuple[Any, ...]:
    return tuple(event.get(column) for column in columns)


def test_s3_read_by_nobody_named() -> None:
    event = read(
        f"{HEAD} 192.0.2.3 - 3E57427F3EXAMPLE REST.GET.OBJECT db/dump.sql "
        f'"GET /db/dump.sql HTTP/1.1" 200 - 4406583 4406583 28 17 "-" "curl/8.5" {TAIL}'
    )
    assert str(event["ts"]) == "2019-02-06 00:00:38"
    assert of(event, "format", "actor", "actor_type", "outcome", "object_name", "region") == (
        "s3_access",
        "anonymous",
        "anonymous",
        "ok",
        "backups/db/dump.sql",
        "eu-west-1",
    )


def test_s3_agent_with_a_quote_keeps_the_status() -> None:
    event = read(
        f"{HEAD} 192.0.2.3 arn:aws:sts::123456789012:assumed-role/reader/ana 3E57427F3EXAMPLE "
        'REST.GET.OBJECT a "GET /a" 200 HTTP/1.1" 403 AccessDenied 243 - 8 - '
        f'"-" "x" 200 - y" {TAIL}'
    )
    assert of(event, "outcome", "status", "actor_type", "cloud_account", "user_agent") == (
        "denied",
        "AccessDenied",
        "role",
        "123456789012",
        'x" 200 - y',
    )


@pytest.mark.parametrize(("ip", "actor"), [("-", "AmazonS3"), ("192.0.2.3", "svc:logs.example")])
def test_s3_of_the_service_itself(ip: str, actor: str) -> None:
    event = read(
        f'{HEAD} {ip} {actor} 366DB3C4B325AB11 S3.EXPIRE.OBJECT k "-" - - - 317 - - "-" "-" v1 -'
    )
    assert of(event, "format", "actor_type", "outcome", "src_ip") == (
        "s3_access",
        "system",
        "unknown",
        None if ip == "-" else ip,
    )


def test_resolver_query_that_a_firewall_stopped() -> None:
    query = {
        "version": "1.100000",
        "account_id": "123456789012",
        "region": "eu-west-1",
        "vpc_id": "vpc-1",
        "query_timestamp": "2024-02-04T17:51:55Z",
        "query_name": "c2.example.net.",
        "query_type": "TXT",
        "query_class": "IN",
        "rcode": "NODATA",
        "answers": [],
        "srcaddr": "10.0.1.15",
        "srcport": "45607",
        "transport": "UDP",
        "srcids": {"instance": "i-1"},
        "firewall_rule_action": "BLOCK",
    }
    event = read(json.dumps(query))
    assert of(event, "format", "category", "outcome", "src_ip", "src_port", "dst_name", "node") == (
        "route53_resolver",
        "dns",
        "denied",
        "10.0.1.15",
        45607,
        "c2.example.net",
        "i-1",
    )


@pytest.mark.parametrize("wrapped", [False, True])
def test_guardduty_finding_of_a_cluster(wrapped: bool) -> None:
    finding: dict[str, Any] = {
        "schemaVersion": "2.0",
        "accountId": "123456789012",
        "region": "eu-west-1",
        "id": "f1",
        "type": "Discovery:Kubernetes/SuccessfulAnonymousAccess",
        "resource": {
            "resourceType": "EKSCluster",
            "eksClusterDetails": {"name": "prod"},
            "kubernetesDetails": {"kubernetesUserDetails": {"username": "system:anonymous"}},
        },
        "service": {
            "serviceName": "guardduty",
            "eventFirstSeen": "2024-03-01T10:00:00Z",
            "eventLastSeen": "2024-03-01T10:20:00Z",
            "action": {
                "actionType": "KUBERNETES_API_CALL",
                "kubernetesApiCallAction": {
                    "requestUri": "/api/v1/secrets",
                    "remoteIpDetails": {"ipAddressV4": "203.0.113.9"},
                },
            },
        },
        "severity": 8,
        "title": "An anonymous user got an answer",
    }
    if wrapped:
        finding = {
            "detail-type": "GuardDuty Finding",
            "source": "aws.guardduty",
            "time": "2024-03-01T10:25:00Z",
            "detail": finding,
        }
    event = read(json.dumps(finding))
    assert str(event["ts"]) == "2024-03-01 10:00:00"
    assert of(event, "format", "category", "actor", "cluster", "src_ip", "severity") == (
        "guardduty",
        "alert",
        "system:anonymous",
        "prod",
        "203.0.113.9",
        4,
    )


def test_guardduty_outbound_connection_starts_at_the_instance() -> None:
    finding = {
        "accountId": "123456789012",
        "type": "CryptoCurrency:EC2/BitcoinTool.B",
        "resource": {
            "resourceType": "Instance",
            "instanceDetails": {
                "instanceId": "i-1",
                "networkInterfaces": [{"privateIpAddress": "10.0.0.5"}],
            },
        },
        "service": {
            "serviceName": "guardduty",
            "action": {
                "networkConnectionAction": {
                    "connectionDirection": "OUTBOUND",
                    "remoteIpDetails": {"ipAddressV4": "203.0.113.9"},
                    "remotePortDetails": {"port": 3333},
                    "localPortDetails": {"port": 41822},
                }
            },
        },
        "severity": 9.1,
        "createdAt": "2024-03-01T10:05:00.000Z",
    }
    event = read(json.dumps(finding))
    assert of(event, "src_ip", "src_port", "dst_ip", "dst_port", "severity") == (
        "10.0.0.5",
        41822,
        "203.0.113.9",
        3333,
        5,
    )


def test_firewall_record_in_a_cloud_logging_export() -> None:
    entry = {
        "insertId": "1",
        "logName": "projects/p1/logs/compute.googleapis.com%2Ffirewall",
        "resource": {"type": "gce_subnetwork", "labels": {"project_id": "p1"}},
        "timestamp": "2024-03-01T10:00:00.5Z",
        "jsonPayload": {
            "connection": {
                "src_ip": "203.0.113.9",
                "src_port": 41822,
                "dest_ip": "10.0.0.5",
                "dest_port": 10250,
                "protocol": 6,
            },
            "disposition": "DENIED",
            "instance": {"project_id": "p1", "region": "europe-west1", "vm_name": "node-1"},
            "rule_details": {"reference": "network:default/firewall:no-kubelet"},
        },
    }
    event = read(json.dumps(entry))
    assert str(event["ts"]) == "2024-03-01 10:00:00.500000"
    assert of(event, "format", "outcome", "src_ip", "dst_port", "node", "object_name") == (
        "gcp_logging>gcp_flow",
        "denied",
        "203.0.113.9",
        10250,
        "node-1",
        "network:default/firewall:no-kubelet",
    )


@pytest.mark.parametrize(
    ("code", "outcome"), [("0", "ok"), ("50126", "failed"), ("53003", "denied"), (0, "ok")]
)
def test_sign_in(code: str | int, outcome: str) -> None:
    record = {
        "time": "2024-03-01T10:00:09Z",
        "resourceId": "/tenants/t1/providers/Microsoft.aadiam",
        "operationName": "Sign-in activity",
        "category": "NonInteractiveUserSignInLogs",
        "tenantId": "t1",
        "resultType": code,
        "callerIpAddress": "203.0.113.9",
        "correlationId": "c1",
        "properties": {
            "createdDateTime": "2024-03-01T10:00:00.1234567+00:00",
            "userPrincipalName": "ana@example.com",
            "appDisplayName": "Azure CLI",
            "userAgent": "python/3.11",
        },
    }
    event = read(json.dumps(record))
    assert str(event["ts"]) == "2024-03-01 10:00:00.123456"
    assert of(event, "format", "category", "outcome", "actor", "src_ip", "cloud_account") == (
        "azure_signin",
        "login",
        outcome,
        "ana@example.com",
        "203.0.113.9",
        "t1",
    )


UPN = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"


@pytest.mark.parametrize(
    "who",
    [
        {"identity": {"claims": {UPN: "ana@example.com", "name": "Ana", "appid": "a1"}}},
        {"properties": {"initiatedBy": {"user": {"userPrincipalName": "ana@example.com"}}}},
    ],
)
def test_azure_names_the_account_that_acted(who: dict[str, Any]) -> None:
    record = {
        "time": "2024-03-01T10:00:00Z",
        "resourceId": "/tenants/t1/providers/Microsoft.aadiam",
        "operationName": "Add member to role",
        "correlationId": "c1",
        "resultType": "Success",
        **who,
    }
    event = read(json.dumps(record))
    assert of(event, "format", "actor", "outcome") == ("azure_activity", "ana@example.com", "ok")
