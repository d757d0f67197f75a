"""How pods are reached, and what may reach them."""

from __future__ import annotations

from console.live.cells import Value, columns, joined, pairs
from console.live.doc import Doc, dig, items, mapping, number, strings, text, texts
from console.live.exposure import service_risks
from console.live.kinds.base import age, name, of_doc


def _service(doc: Doc) -> tuple[Value, ...]:
    kind = text(doc, "spec", "type") or "ClusterIP"
    if kind == "ExternalName":
        outside: str | None = text(doc, "spec", "externalName")
    else:
        balancers = [
            text(i, "ip") or text(i, "hostname")
            for i in items(doc, "status", "loadBalancer", "ingress")
        ]
        outside = joined(balancers + texts(doc, "spec", "externalIPs"))
        if outside is None and kind == "LoadBalancer":
            outside = "<pending>"
    return (
        name(doc),
        kind,
        text(doc, "spec", "clusterIP") or None,
        outside,
        joined([_service_port(p) for p in items(doc, "spec", "ports")]),
        age(doc),
        pairs(strings(doc, "spec", "selector")),
    )


def _service_port(port: Doc) -> str:
    node = number(port, "nodePort")
    protocol = text(port, "protocol") or "TCP"
    return f"{number(port, 'port')}" + (f":{node}" if node else "") + f"/{protocol}"


def _endpoints(doc: Doc) -> tuple[Value, ...]:
    found = [
        f"{text(address, 'ip')}:{number(port, 'port')}" if port else text(address, "ip")
        for subset in items(doc, "subsets")
        for port in items(subset, "ports") or [{}]
        for address in items(subset, "addresses")
    ]
    return name(doc), joined(found, 3), age(doc)


def _slice(doc: Doc) -> tuple[Value, ...]:
    return (
        name(doc),
        text(doc, "addressType"),
        joined([text(port, "port") for port in items(doc, "ports")]),
        joined([a for e in items(doc, "endpoints") for a in texts(e, "addresses")], 3),
        age(doc),
    )


def _ingress(doc: Doc) -> tuple[Value, ...]:
    hosts = [text(rule, "host") or "*" for rule in items(doc, "spec", "rules")]
    addresses = [
        text(i, "ip") or text(i, "hostname")
        for i in items(doc, "status", "loadBalancer", "ingress")
    ]
    has_tls = bool(items(doc, "spec", "tls"))
    return (
        name(doc),
        text(doc, "spec", "ingressClassName")
        or text(doc, "metadata", "annotations", "kubernetes.io/ingress.class")
        or None,
        joined(list(dict.fromkeys(hosts)), 3) or "*",
        joined(addresses),
        "80, 443" if has_tls else "80",
        age(doc),
        joined(list(dict.fromkeys(_backends(doc)))),
    )


def _backends(doc: Doc) -> list[str]:
    """Service and port behind each path, of v1 and of v1beta1."""
    found = [
        path.get("backend")
        for rule in items(doc, "spec", "rules")
        for path in items(rule, "http", "paths")
    ]
    found += [dig(doc, "spec", "defaultBackend"), dig(doc, "spec", "backend")]
    names = []
    for backend in found:
        if isinstance(backend, dict):
            port = mapping(backend, "service", "port")
            names.append(
                f"{text(backend, 'service', 'name') or text(backend, 'serviceName')}:"
                f"{text(port, 'number') or text(port, 'name') or text(backend, 'servicePort')}"
            )
    return names


def _policy(doc: Doc) -> tuple[Value, ...]:
    types = texts(doc, "spec", "policyTypes") or ["Ingress"]
    allows = [f"{kind.lower()} {_rules(doc, kind.lower())}" for kind in types]
    return (
        name(doc), selector_text(mapping(doc, "spec", "podSelector")) or "<all pods>",
        joined(allows), age(doc),
    )  # fmt: skip


def _rules(doc: Doc, direction: str) -> str:
    rules = items(doc, "spec", direction)
    if not rules:
        return "denied"
    peer = "from" if direction == "ingress" else "to"
    if any(not items(rule, peer) and not items(rule, "ports") for rule in rules):
        return "open"
    return f"{len(rules)} rule" + ("s" if len(rules) > 1 else "")


def selector_text(selector: Doc) -> str:
    """Labels and expressions of a LabelSelector in one line; "" matches everything."""
    words = [f"{k}={v}" for k, v in sorted(strings(selector, "matchLabels").items())]
    for item in items(selector, "matchExpressions"):
        key, operator = text(item, "key"), text(item, "operator")
        values = f" ({','.join(texts(item, 'values'))})" if dig(item, "values") else ""
        words.append(f"{key} {operator}{values}")
    return ",".join(words)


TABLES = {
    "services": of_doc(
        columns("NAME TYPE CLUSTER-IP EXTERNAL-IP PORTS AGE> RISK +SELECTOR"),
        _service,
        risks=service_risks,
    ),
    "endpoints": of_doc(columns("NAME ENDPOINTS AGE>"), _endpoints),
    "endpointslices.discovery.k8s.io": of_doc(
        columns("NAME ADDRESSTYPE PORTS ENDPOINTS AGE>"), _slice
    ),
    "ingresses.networking.k8s.io": of_doc(
        columns("NAME CLASS HOSTS ADDRESS PORTS AGE> +BACKENDS"), _ingress
    ),
    "networkpolicies.networking.k8s.io": of_doc(columns("NAME POD-SELECTOR ALLOWS AGE>"), _policy),
}
