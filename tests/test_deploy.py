"""The files to deploy Milvus by: what of them can be looked at without Docker, Kubernetes or nginx."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tests.conftest import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
HELM: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "helm-values.yaml").read_text(encoding="utf-8"))


def test_every_image_has_its_version_and_milvus_the_same_in_both() -> None:
    images = {name: service["image"] for name, service in COMPOSE["services"].items()}
    assert all(re.search(r":(v|RELEASE\.)\d", image) for image in images.values())
    assert images["milvus"] == f"milvusdb/milvus:{HELM['image']['all']['tag']}"
    page = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    assert f"Milvus {HELM['image']['all']['tag'].removeprefix('v')}" in page


def test_no_other_machine_reaches_it_and_its_passwords_are_not_in_the_file() -> None:
    for service in COMPOSE["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
        assert service["healthcheck"]["test"]
        secrets = {name: value for name, value in service.get("environment", {}).items() if "PASS" in name}
        assert all(value.startswith("${") and ":?" in value for value in secrets.values())
    assert COMPOSE["services"]["milvus"]["environment"]["COMMON_SECURITY_AUTHORIZATIONENABLED"] == "true"
    assert "authorizationEnabled: true" in HELM["extraConfigFiles"]["user.yaml"]
    assert HELM["mixCoordinator"]["extraEnv"] == [
        {
            "name": "COMMON_SECURITY_DEFAULTROOTPASSWORD",
            "valueFrom": {"secretKeyRef": {"name": "milvus-root", "key": "password"}},
        }
    ]
    assert HELM["externalS3"].keys().isdisjoint({"accessKey", "secretKey"})


def test_each_volume_that_is_mounted_is_kept() -> None:
    mounted = {
        volume.split(":")[0] for each in COMPOSE["services"].values() for volume in each.get("volumes", ())
    }
    assert mounted == set(COMPOSE["volumes"])
