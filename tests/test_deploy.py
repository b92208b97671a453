"""The files to deploy by: what of them can be looked at without Docker and Kubernetes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from qa.web.access import new_token
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
HELM: dict[str, Any] = yaml.safe_load((DEPLOY / "helm-values.yaml").read_text(encoding="utf-8"))
POSTGRESQL: dict[str, Any] = yaml.safe_load((DEPLOY / "postgresql-values.yaml").read_text(encoding="utf-8"))
PROGRAMS = os.pathsep.join([str(Path(sys.executable).parent), "/usr/sbin", os.environ["PATH"]])
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def test_every_image_has_its_version_and_the_same_in_all_files() -> None:
    images = {name: service["image"] for name, service in SERVICES.items() if "build" not in service}
    assert set(SERVICES) - set(images) == {"chat1", "chat2"}
    assert all(re.search(r":v?\d+\.\d", image) for image in images.values())
    assert images["milvus"] == f"milvusdb/milvus:{HELM['image']['all']['tag']}"
    page = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    assert f"Milvus {HELM['image']['all']['tag'].removeprefix('v')}" in page
    assert images["postgres"].startswith(f"postgres:{POSTGRESQL['version']['postgresql']}.")


def test_other_machines_reach_nothing_and_databases_are_reached_by_the_chat_alone() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"nginx": ["127.0.0.1:7800:7800"]}
    assert COMPOSE["networks"]["back"] == {"internal": True}
    assert {name for name, service in SERVICES.items() if "front" in service["networks"]} == {
        "chat1",
        "chat2",
        "nginx",
    }
    assert "back" not in SERVICES["nginx"]["networks"]
    assert HELM["externalS3"].keys().isdisjoint({"accessKey", "secretKey"})
    assert "authorizationEnabled: true" in HELM["extraConfigFiles"]["user.yaml"]
    assert HELM["mixCoordinator"]["extraEnv"] == [
        {
            "name": "COMMON_SECURITY_DEFAULTROOTPASSWORD",
            "valueFrom": {"secretKeyRef": {"name": "milvus-root", "key": "password"}},
        }
    ]
    assert POSTGRESQL["cluster"]["initdb"]["secret"] == {"name": "pullquote-postgresql"}


def test_secrets_are_in_files_alone_which_the_script_makes(tmp_path: Path) -> None:
    for service in SERVICES.values():
        told = service.get("environment", {})
        secret = {name for name in told if re.search("PASSWORD|TOKEN|KEY|SECRET", name)}
        mounted = {f"/run/secrets/{name}" for name in service.get("secrets", ()) if isinstance(name, str)}
        assert {told[name] for name in secret} <= mounted
    folder = tmp_path / "secrets"
    made = ["sh", str(DEPLOY / "secrets.sh"), str(folder)]
    subprocess.run(made, check=True, capture_output=True)
    assert {f"secrets/{path.name}" for path in folder.iterdir()} == {
        secret["file"] for secret in COMPOSE["secrets"].values()
    }
    assert folder.stat().st_mode & 0o777 == 0o700
    assert new_token(str(folder / "chat-token"))
    milvus = yaml.safe_load((folder / "milvus.yaml").read_text(encoding="utf-8"))
    password = milvus["common"]["security"]["defaultRootPassword"]
    assert (folder / "milvus-token").read_text(encoding="utf-8") == f"root:{password}"
    assert milvus["common"]["security"]["authorizationEnabled"] is True
    (identity,) = json.loads((folder / "store.json").read_text(encoding="utf-8"))["identities"]
    assert identity["credentials"] == [
        {"accessKey": milvus["minio"]["accessKeyID"], "secretKey": milvus["minio"]["secretAccessKey"]}
    ]
    found = {path: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    again = subprocess.run(made, check=False, capture_output=True, text=True)
    assert again.returncode == 1
    assert "is there already" in again.stderr
    assert {path: path.read_text(encoding="utf-8") for path in folder.iterdir()} == found
    assert len(set(re.findall("[0-9a-f]{64}", "".join(found.values())))) == 4


def test_each_network_volume_and_secret_that_is_named_is_declared_and_used() -> None:
    volumes = {volume.split(":")[0] for each in SERVICES.values() for volume in each["volumes"]}
    assert {volume for volume in volumes if not volume.startswith(".")} == set(COMPOSE["volumes"])
    secrets = [secret for each in SERVICES.values() for secret in each.get("secrets", ())]
    assert {secret if isinstance(secret, str) else secret["source"] for secret in secrets} == set(
        COMPOSE["secrets"]
    )
    assert {name for each in SERVICES.values() for name in each["networks"]} == set(COMPOSE["networks"])


def test_the_health_of_each_service_is_checked_before_others_start() -> None:
    own = {name for name, service in SERVICES.items() if "healthcheck" not in service}
    assert own == {"chat1", "chat2"}
    assert re.search(r"^HEALTHCHECK (.|\\\n)+ CMD .+/api/v1/health", DOCKERFILE, re.MULTILINE)
    waits = [wait for each in SERVICES.values() for wait in each.get("depends_on", {}).values()]
    assert {wait["condition"] for wait in waits} == {"service_healthy"}


def test_chat_and_proxy_have_no_rights_and_write_only_where_they_must() -> None:
    for name in ("chat1", "chat2", "nginx"):
        service = SERVICES[name]
        assert service["read_only"] is True
        assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - the container's own
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.search(r"^USER \d+:0$", DOCKERFILE, re.MULTILINE)
    assert set(re.findall("/data(?:/[a-z]+)?", DOCKERFILE)) >= {"/data/library", "/data/cache"}


def test_the_image_gets_what_the_wheel_is_made_of_and_the_versions_alone() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    texts = [project["project"]["readme"], *project["project"]["license-files"]]
    needed = {*wheel, *texts, "pyproject.toml", "requirements"}
    assert ignored[1] == "*"
    assert {line[1:] for line in ignored if line.startswith("!")} == needed


def passes(program: str, *arguments: str) -> None:
    """Run a program that checks a file, if the program is installed."""
    found = shutil.which(program, path=PROGRAMS)
    if found is None:
        pytest.skip(f"{program} is not installed")
    tried = subprocess.run([found, *arguments], check=False, capture_output=True, text=True)
    assert tried.returncode == 0, tried.stdout + tried.stderr


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    passes("hadolint", str(DEPLOY / "Dockerfile"))


def test_nginx_takes_its_file(tmp_path: Path) -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    assert re.findall(r"server (\w+):7860", text) == [name for name in SERVICES if name.startswith("chat")]
    assert f"listen {SERVICES['nginx']['ports'][0].rpartition(':')[2]};" in text
    text = re.sub(r"chat(\d):7860", r"127.0.0.1:780\1", text)  # names of the other services
    folders = "".join(
        f"{name}_temp_path {tmp_path}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = (
        f"pid {tmp_path}/pid; error_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{folders}{text}}}\n"
    )
    (tmp_path / "nginx.conf").write_text(whole, encoding="utf-8")
    passes("nginx", "-t", "-c", str(tmp_path / "nginx.conf"))


def test_docker_compose_takes_its_file(tmp_path: Path) -> None:
    shutil.copy(DEPLOY / "compose.yaml", tmp_path)
    subprocess.run(
        ["sh", str(DEPLOY / "secrets.sh"), str(tmp_path / "secrets")], check=True, capture_output=True
    )
    passes("docker-compose", "--file", str(tmp_path / "compose.yaml"), "config", "--quiet")
