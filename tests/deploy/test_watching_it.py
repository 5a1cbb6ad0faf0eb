"""Alerts and dashboard: read by Prometheus' own tool, and about metrics that Privet really has."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from proxy import exposition
from proxy.reporting import report
from tests.deploy.debian import program
from tests.house import House
from tests.simulator import Simulator

ALERTS = yaml.safe_load(Path("deploy/alerts.yaml").read_text())["groups"][0]["rules"]
DASHBOARD = json.loads(Path("deploy/grafana/privet.json").read_text())
README = Path("deploy/README.md").read_text()


def promtool(*arguments: str, said: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    tool = program("promtool", "prometheus")
    return subprocess.run(
        [tool, *arguments], cwd="deploy", input=said, capture_output=True, check=False
    )


def asked() -> list[str]:
    """Every expression of the dashboard, with what Grafana puts into it."""
    expressions = [
        target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())
    ]
    return [
        expression.replace("$__rate_interval", "5m").replace("$instance", ".*")
        for expression in expressions
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "config", "prometheus.yaml"),
        ("check", "rules", "alerts.yaml"),
        ("test", "rules", "alerts.test.yaml"),
    ],
)
def test_prometheus_takes_it(arguments: tuple[str, ...]) -> None:
    done = promtool(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_the_dashboards_expressions(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": expression}
        for number, expression in enumerate(asked())
    ]
    path = tmp_path / "panels.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    done = promtool("check", "rules", str(path))
    assert done.returncode == 0, done.stdout + done.stderr


async def test_every_metric_that_is_asked_for_is_one_of_privets(
    privet: House, simulator: Simulator
) -> None:
    simulator.says("Fine.")
    await privet.client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "I am Jane Doe."}]
    )
    exposed = exposition.expose({"0": await report(privet.services)})
    done = promtool("check", "metrics", said=exposed)
    assert done.returncode == 0, done.stdout + done.stderr
    known: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(exposed.decode()):
        suffixes = {"counter": ("_total",), "histogram": ("_bucket",)}.get(family.type, ("",))
        labels = {label for sample in family.samples for label in sample.labels}
        known |= {family.name + suffix: labels for suffix in suffixes}
    expressions = [alert["expr"] for alert in ALERTS] + asked()
    for expression in expressions:
        for name, matchers in re.findall(r"\b(privet_\w+)(?:\{([^}]*)\})?", expression):
            assert name in known, expression
            labels = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers)) - {"instance"}
            assert labels <= known[name] or not known[name], expression


def test_every_alert_is_tested_and_says_what_it_means() -> None:
    tested = yaml.safe_load(Path("deploy/alerts.test.yaml").read_text())["tests"][0]
    counted = {one["exp_samples"][0]["value"] for one in tested["promql_expr_test"]}
    assert counted == {len(ALERTS)}
    for alert in ALERTS:
        assert alert["annotations"]["summary"].endswith((".", "?")), alert["alert"]
        assert alert["labels"]["severity"] in ("page", "ticket")


def test_the_dashboard_is_one() -> None:
    panels: list[dict[str, Any]] = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["title"] for panel in panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
