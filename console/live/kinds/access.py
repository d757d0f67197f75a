"""Who may do what: accounts, roles, bindings, certificates, webhooks."""

from __future__ import annotations

import msgspec

from console.live.cells import State, Value, columns, joined
from console.live.doc import Doc, condition, dig, items, mapping, number, strings, text, texts
from console.live.exposure import account_risks
from console.live.kinds.base import Facts, KindTable, age, name, of_doc


def _account(doc: Doc) -> tuple[Value, ...]:
    return (
        name(doc),
        len(items(doc, "secrets")),
        "no" if dig(doc, "automountServiceAccountToken") is False else "yes",
        age(doc),
        joined([text(s, "name") for s in items(doc, "imagePullSecrets")]),
    )


def _role(doc: Doc) -> tuple[Value, ...]:
    rules = items(doc, "rules")
    verbs = list(dict.fromkeys(v for rule in rules for v in texts(rule, "verbs")))
    what = list(dict.fromkeys(r for rule in rules for r in texts(rule, "resources")))
    what += [url for rule in rules for url in texts(rule, "nonResourceURLs")]
    return name(doc), len(rules), joined(verbs, 8), joined(what, 6), age(doc)


def _binding(doc: Doc) -> tuple[Value, ...]:
    role = f"{text(doc, 'roleRef', 'kind')}/{text(doc, 'roleRef', 'name')}"
    return name(doc), role, joined(subject_names(doc), 4), age(doc)


def subject_names(doc: Doc) -> list[str]:
    """`sa shop:web`, `user ana`, `group devs` of a binding."""
    return [
        {
            "ServiceAccount": f"sa {text(s, 'namespace')}:{text(s, 'name')}",
            "Group": f"group {text(s, 'name')}",
        }.get(text(s, "kind"), f"user {text(s, 'name')}")
        for s in items(doc, "subjects")
    ]


def _certificate(doc: Doc) -> tuple[Value, ...]:
    return (
        name(doc),
        age(doc),
        text(doc, "spec", "signerName") or None,
        text(doc, "spec", "username") or None,
        _certificate_status(doc),
        joined(texts(doc, "spec", "usages")),
        joined(texts(doc, "spec", "groups")),
    )


def _certificate_status(doc: Doc) -> str:
    """Source: kubernetes pkg/printers, extractCSRStatus."""
    kinds = {text(c, "type") for c in items(doc, "status", "conditions")}
    words = [w for w in ("Denied", "Approved", "Failed") if w in kinds]
    word = words[0] if words else "Pending"
    return word + (",Issued" if text(doc, "status", "certificate") else "")


def _webhooks(doc: Doc) -> tuple[Value, ...]:
    hooks = items(doc, "webhooks")
    targets = []
    for hook in hooks:
        service = mapping(hook, "clientConfig", "service")
        place = f"{text(service, 'namespace')}/{text(service, 'name')}"
        targets.append(place if service else text(hook, "clientConfig", "url"))
    failing = {text(hook, "failurePolicy") or "Fail" for hook in hooks}
    return (
        name(doc), len(hooks), joined(list(dict.fromkeys(targets)), 3), joined(sorted(failing)),
        joined(_rules(hooks), 6), age(doc),
    )  # fmt: skip


def _rules(hooks: list[Doc]) -> list[str]:
    words = [
        f"{'/'.join(texts(rule, 'operations')).lower()} {','.join(texts(rule, 'resources'))}"
        for hook in hooks
        for rule in items(hook, "rules")
    ]
    return list(dict.fromkeys(words))


def _signed(doc: Doc) -> State:
    if condition(doc, "Denied") or condition(doc, "Failed"):
        return "done"
    return "ok" if condition(doc, "Approved") else "pending"


def _secret(doc: Doc) -> tuple[Value, ...]:
    """Names and types. How many values there are is known only where they were counted."""
    counted = dig(doc, "data")
    count: Value = len(counted) if isinstance(counted, dict) else None
    if count is None and dig(doc, "dataCount") is not None:
        count = number(doc, "dataCount")
    owner = strings(doc, "metadata", "annotations").get("kubernetes.io/service-account.name")
    return name(doc), text(doc, "type") or "Opaque", count, age(doc), owner


def _config_map(doc: Doc) -> tuple[Value, ...]:
    keys = [*mapping(doc, "data"), *mapping(doc, "binaryData")]
    return name(doc), len(keys), age(doc), joined(keys, 6)


def _with_token(table: KindTable) -> KindTable:
    """The risk of an account is what its token may do, mounted or not."""

    def facts(raw: bytes) -> Facts:
        plain = table.facts(raw)
        return msgspec.structs.replace(plain, account=str(plain.values[0]))

    return KindTable(table.columns, facts)


_ROLES = columns("NAME RULES> VERBS RESOURCES AGE>")
_BINDINGS = columns("NAME ROLE SUBJECTS AGE>")
_HOOKS = columns("NAME WEBHOOKS> CALLS ON_FAILURE RULES AGE>")
_RBAC = "rbac.authorization.k8s.io"

TABLES = {
    "serviceaccounts": _with_token(
        of_doc(
            columns("NAME SECRETS> TOKEN_MOUNTED AGE> RISK +PULL_SECRETS"),
            _account,
            risks=account_risks,
        )
    ),
    f"roles.{_RBAC}": of_doc(_ROLES, _role),
    f"clusterroles.{_RBAC}": of_doc(_ROLES, _role),
    f"rolebindings.{_RBAC}": of_doc(_BINDINGS, _binding),
    f"clusterrolebindings.{_RBAC}": of_doc(_BINDINGS, _binding),
    "certificatesigningrequests.certificates.k8s.io": of_doc(
        columns("NAME AGE> SIGNERNAME REQUESTOR CONDITION USAGES +GROUPS"), _certificate, _signed
    ),
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": of_doc(_HOOKS, _webhooks),
    "validatingwebhookconfigurations.admissionregistration.k8s.io": of_doc(_HOOKS, _webhooks),
    "secrets": of_doc(columns("NAME TYPE DATA> AGE> +ACCOUNT"), _secret),
    "configmaps": of_doc(columns("NAME DATA> AGE> +KEYS"), _config_map),
}
