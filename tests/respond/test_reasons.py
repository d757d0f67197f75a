"""What went wrong first is what is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.errors import CaseError
from console.live.api import Forbidden, connect
from console.respond.config import Config, ContextRules
from console.respond.means import Means
from console.visibility.probe import ProbeSpec, probing
from tests.real.lab import Lab


def test_without_an_engine_the_system_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent.sock")
    means = Means(config=Config())
    with pytest.raises(CaseError, match="the engine does not answer: no such file or directory"):
        _ = means.engine


def test_a_probe_that_may_not_be_made_says_so(lab: Lab, namespace: str, tmp_path: Path) -> None:
    lab.only_own()
    api = connect(kubeconfig=str(lab.user(tmp_path, namespace, "few", "get,list", "pods")))
    with pytest.raises(Forbidden, match="cannot create"), probing(api, ProbeSpec("n", ("sh",))):
        pass


def test_read_only_contexts_are_offered_nothing() -> None:
    config = Config(contexts={"prod": ContextRules(is_readonly=True)})
    assert config.are_readonly(["prod"])
    assert not config.are_readonly(["prod", "test"])
    assert Config(is_readonly=True).are_readonly(["test"])
