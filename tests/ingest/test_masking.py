"""Secrets stay in the evidence: nothing of them is in the index."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import duckdb
import pytest

from console.case.folder import Case
from console.case.grams import condition
from console.case.workspace import Workspace
from console.ingest.service import add_paths

PASSWORD = base64.b64encode(b"correct horse battery staple").decode()
PLAIN = 'p"w\\x$1.*'
JWT = "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ"


def audit(**changes: object) -> str:
    fields = {
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "auditID": "a", "stage": "ResponseComplete",
        "verb": "create", "user": {"username": "ana"}, "requestURI": "/api/v1/namespaces/s/secrets",
        "objectRef": {"resource": "secrets", "namespace": "s", "name": "db"},
        "responseStatus": {"code": 201},
    }  # fmt: skip
    return json.dumps({**fields, **changes})


def secret(**data: object) -> dict[str, object]:
    applied = json.dumps({"kind": "Secret", **data})
    name = "kubectl.kubernetes.io/last-applied-configuration"
    return {"kind": "Secret", "metadata": {"name": "db", "annotations": {name: applied}}, **data}


LINES = [
    audit(requestObject=secret(data={"password": PASSWORD, "short": "eA=="})),
    audit(auditID="b", responseObject=secret(stringData={"password": PLAIN})),
    audit(auditID="c", responseObject={"kind": "SecretList", "items": [secret(data={"k": PASSWORD})]}),
    audit(auditID="d", objectRef={"resource": "serviceaccounts", "subresource": "token"},
          responseObject={"kind": "TokenRequest", "status": {"token": JWT}}),
    audit(auditID="e", userAgent=f"curl Bearer {JWT}"),
    'DB_PASSWORD=Upp3rcase run \"x\"',
    f"Mar  3 14:05:06 h sudo: ana : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/curl"
    f" -H 'Authorization: Bearer {JWT}' https://bob:hunter22@example.org/?password=Tr0ub4dor",
    '203.0.113.9 - - [30/Sep/2021:11:11:54 +0200] "GET /login?user=a&token=abcdef123456 HTTP/1.1"'
    ' 200 1 "-" "curl"',
]  # fmt: skip
SECRETS = [
    PASSWORD,
    PLAIN,
    json.dumps(PLAIN)[1:-1],
    JWT,
    "hunter22",
    "Tr0ub4dor",
    "abcdef123456",
    "Upp3rcase",
]


def dump(case: Case) -> list[dict[str, object]]:
    workspace = Workspace(case)
    cursor = workspace.index.cursor().execute("select * from events order by line")
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    workspace.close()
    return rows


@pytest.fixture
def rows(case: Case, tmp_path: Path) -> list[dict[str, object]]:
    (tmp_path / "log").write_text("\n".join(LINES) + "\n")
    list(add_paths(case, [tmp_path / "log"]))
    return dump(case)


def test_no_secret_is_in_any_column(rows: list[dict[str, object]]) -> None:
    assert len(rows) == len(LINES)
    for row in rows:
        for column, value in row.items():
            for text in SECRETS:
                assert text not in str(value), (column, row["line"])


def test_no_secret_left_its_marks_in_the_grams(case: Case, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("\n".join(LINES) + "\n")
    list(add_paths(case, [tmp_path / "log"]))
    [segment] = case.index_dir.glob("*.duckdb")
    with duckdb.connect(str(segment), read_only=True) as connection:
        for text, is_known in ((PASSWORD, False), (JWT, False), ("kubectl.kubernetes.io", True)):
            where, bits = condition([[(text.lower(),)]])
            found = connection.execute(f"select bool_or({where}) from grams", bits).fetchall()
            assert found == [(is_known,)], text


def test_equal_secrets_have_equal_masks(rows: list[dict[str, object]]) -> None:
    def masks(row: dict[str, object]) -> set[str]:
        return {part.split("›")[0] for part in str(row["fields"]).split("‹masked:")[1:]}

    assert masks(rows[0]) & masks(rows[2])
    assert not masks(rows[0]) & masks(rows[1])


def test_another_case_has_other_masks(rows: list[dict[str, object]], tmp_path: Path) -> None:
    other = Case.create(tmp_path / "other", title="other")
    list(add_paths(other, [tmp_path / "log"]))
    assert rows[0]["fields"] != dump(other)[0]["fields"]


def test_ordinary_words_stay(case: Case, tmp_path: Path) -> None:
    lines = [
        audit(verb="list", objectRef={"resource": "pods"}, requestObject={"spec": {"volumes": [
            {"name": "default-token-x", "secret": {"secretName": "default-token-x"}}]}}),
        "Mar  3 14:05:06 h app[1]: the password was changed; token expired; secret sauce",
        "Mar  3 14:05:07 h app[1]: read arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-x1",
        "Mar  3 14:05:08 h passwd[7]: pam_unix(passwd:chauthtok): password changed for jsmith",
        "Mar  3 14:05:09 h passwd[7]: password changed for jsmith by root",
    ]  # fmt: skip
    (tmp_path / "log").write_text("\n".join(lines) + "\n")
    list(add_paths(case, [tmp_path / "log"]))
    assert "masked" not in str(dump(case))


def test_evidence_keeps_its_bytes(case: Case, rows: list[dict[str, object]]) -> None:
    [item] = case.store.list()
    assert PASSWORD.encode() in item.data_path.read_bytes()
