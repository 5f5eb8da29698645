"""The scripts of the action, the template and the workflows: installs, commands, refusals and comments."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import click
import pytest
import yaml
from packaging.requirements import Requirement
from pulumi_fsx_dr.cli.commands import fsx_dr

ROOT = Path(__file__).parents[1]
ACTION, TEMPLATE = ROOT / "pipelines" / "action.yml", ROOT / "pipelines" / "fsx-dr.gitlab-ci.yml"
SECRETS = {
    "PULUMI_ACCESS_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_ID_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "GH_TOKEN",
    "GITHUB_TOKEN",
}
# Placeholders for options of the user.
PLACEHOLDERS = {"${options[@]}", "$[[", "inputs.check", "]]"}


def workflow(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    return document


def steps(path: Path) -> list[dict[str, Any]]:
    document = workflow(path)
    jobs = [document["runs"]] if path == ACTION else document["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


LOCK = "pipelines/requirements.txt"


@pytest.mark.parametrize(
    ("where", "lock", "package"),
    [
        ("action", f"/actions/pulumi-fsx-dr/{LOCK}", "/actions/pulumi-fsx-dr/pipelines/.."),
        ("template", f"/{LOCK}", "git+"),
    ],
)
def test_install_hides_secrets_and_checks_hashes(where: str, lock: str, package: str, tmp_path: Path) -> None:
    (dependencies, first), (own, second) = installs(where, tmp_path)

    assert SECRETS & {*first, *second} == set()
    assert {"--require-hashes", "--only-binary"} <= {*dependencies}
    assert dependencies[-1].endswith(lock)
    assert {"--no-index", "--no-deps", "--no-build-isolation"} <= {*own}
    assert own[-1].startswith(package)


@pytest.mark.parametrize(
    ("name", "needed"),
    [(LOCK, ["dependencies", "cli", "build-system"]), (".ci/build.txt", ["build-system"])],
)
def test_lock_file_has_hashes_and_all_requirements(name: str, needed: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lists = {
        "dependencies": project["project"]["dependencies"],
        "build-system": project["build-system"]["requires"],
        **project["project"]["optional-dependencies"],
    }
    text = (ROOT / name).read_text()
    entries = re.findall(r"^([\w.-]+)==(\S+)(.*(?:\n +--hash=.*)*)", text, re.MULTILINE)
    pinned = {package: version for package, version, _ in entries}

    assert [package for package, _, hashes in entries if "--hash=sha256:" not in hashes] == []
    wanted = [Requirement(each) for part in needed for each in lists[part]]
    assert [str(each) for each in wanted if pinned.get(each.name, "0") not in each.specifier] == []


@pytest.mark.parametrize("name", ["preview", "drift", "up"])
def test_workflow_passes_existing_inputs_to_action(name: str) -> None:
    (gate,) = [
        step for step in steps(ROOT / "examples" / "workflows" / f"{name}.yml") if "/pipelines@" in step.get("uses", "")
    ]

    inputs = workflow(ACTION)["inputs"]
    assert gate["with"].keys() - inputs.keys() == set()
    assert {name for name, of in inputs.items() if of["required"]} - gate["with"].keys() == set()


def test_page_shows_the_preview_workflow_and_every_input() -> None:
    page = (ROOT / "docs" / "pull-requests.md").read_text()
    shown = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)

    assert shown[0] == (ROOT / "examples" / "workflows" / "preview.yml").read_text()
    assert [name for name in workflow(ACTION)["inputs"].keys() - {"github-token"} if f"`{name}`" not in page] == []
    template, documented = yaml.safe_load_all(TEMPLATE.read_text()), yaml.safe_load(shown[1])
    assert documented["include"][0]["inputs"].keys() <= next(template)["spec"]["inputs"].keys()


def test_action_and_template_run_existing_commands() -> None:
    action = [step.get("run", "") for step in steps(ACTION)]
    template = [line for job in template_jobs().values() for line in job["script"]]

    for script in (action, template):
        assert known_commands("\n".join(script)) == ["check", "report", "report"]


PIPELINES = {
    "merge request": ({"CI_PIPELINE_SOURCE": "merge_request_event"}, ["fsx-dr preview"]),
    "fork": ({"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "8"}, []),
    "schedule": ({"CI_PIPELINE_SOURCE": "schedule"}, ["fsx-dr up"]),
    "schedule of another branch": ({"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "mine"}, []),
    "schedule without protection": ({"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_REF_PROTECTED": "false"}, []),
    "push": ({"CI_PIPELINE_SOURCE": "push"}, []),
}


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_template_starts_jobs_only_on_own_protected_branches(pipeline: str) -> None:
    given, expected = PIPELINES[pipeline]
    usual = {
        "CI_MERGE_REQUEST_PROJECT_ID": "7",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "7",
        "CI_COMMIT_BRANCH": "main",
        "CI_DEFAULT_BRANCH": "main",
        "CI_COMMIT_REF_PROTECTED": "true",
    }

    started = [
        name
        for name, job in template_jobs().items()
        if any(rule_holds(rule["if"], usual | given) for rule in job.get("rules", []))
    ]

    assert started == expected


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({}, ""),
        ({"COMMAND": "destroy"}, "command"),
        ({"COMMENT": "yes"}, "comment"),
        ({"FAIL_WHEN_LATE": "1"}, "fail-when-late"),
        ({"ROLE_SECONDS": "6h"}, "role-seconds"),
    ],
)
def test_action_refuses_invalid_inputs(given: dict[str, str], refused: str) -> None:
    usual = {"COMMAND": "preview", "COMMENT": "true", "FAIL_WHEN_LATE": "false", "ROLE_SECONDS": "3600"}
    script = steps(ACTION)[0]["run"]

    ended = subprocess.run(["bash", "-e", "-c", script], env=usual | given, capture_output=True, text=True, check=False)  # noqa: S603, S607  # our own script

    assert (ended.returncode, ended.stdout.partition(" ")[0]) == ((1, f"::error::{refused}") if refused else (0, ""))


MARK = "<!-- fsx-dr readiness acme/prod -->"


class GitHub(BaseHTTPRequestHandler):
    """A fake of GitHub's GraphQL API for comments, with two comments per page."""

    comments: list[dict[str, Any]]
    refusal: str | None
    status: int
    written: list[tuple[str, str, str]]

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        variables = asked["variables"]
        answer: dict[str, Any] = {"data": {}}
        if self.refusal:
            answer = {"data": None, "errors": [{"message": self.refusal}]}
        elif made := re.search(r"addComment|updateIssueComment", asked["query"]):
            self.written.append((made[0], variables["id"], variables["body"]))
        else:
            assert (variables["owner"], variables["name"], variables["number"]) == ("acme", "copies", 7)
            start = int(variables["after"] or 0)
            page = {
                "nodes": self.comments[start : start + 2],
                "pageInfo": {"hasNextPage": start + 2 < len(self.comments), "endCursor": str(start + 2)},
            }
            answer["data"]["repository"] = {"pullRequest": {"id": "PR", "comments": page}}
        body = json.dumps(answer).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""


@pytest.fixture
def github() -> Iterator[HTTPServer]:
    handler = type("One", (GitHub,), {"comments": [], "refusal": None, "status": 200, "written": []})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def comments_on(github: HTTPServer, tmp_path: Path, text: str = "table") -> subprocess.CompletedProcess[str]:
    """Run the script as the action does."""
    (tmp_path / "text.md").write_text(text)
    return subprocess.run(  # noqa: S603  # our own script
        [sys.executable, "-I", str(ROOT / "pipelines" / "comment.py"), "7", MARK, str(tmp_path / "text.md")],
        env={
            "GITHUB_GRAPHQL_URL": f"http://127.0.0.1:{github.server_port}/graphql",
            "GITHUB_REPOSITORY": "acme/copies",
            "GH_TOKEN": "ghs_secret",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def comment(number: int, body: str, *, ours: bool) -> dict[str, Any]:
    return {"id": f"C{number}", "body": body, "viewerDidAuthor": ours}


@pytest.mark.parametrize(
    ("comments", "expected"),
    [
        pytest.param([], ("addComment", "PR"), id="none"),
        pytest.param([comment(1, f"{MARK}\nold", ours=True)], ("updateIssueComment", "C1"), id="own"),
        pytest.param([comment(1, f"{MARK}\nmine", ours=False)], ("addComment", "PR"), id="other author"),
        pytest.param([comment(1, f"> {MARK}", ours=True)], ("addComment", "PR"), id="own, other subject"),
        pytest.param(
            [comment(number, f"{MARK}\n", ours=number == 4) for number in range(1, 6)],
            ("updateIssueComment", "C4"),
            id="own, on second page",
        ),
    ],
)
def test_comment_is_edited_only_if_own(
    github: HTTPServer, comments: list[dict[str, Any]], expected: tuple[str, str], tmp_path: Path
) -> None:
    handler: Any = github.RequestHandlerClass
    handler.comments = comments

    ended = comments_on(github, tmp_path)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert handler.written == [(*expected, f"{MARK}\ntable")]


def test_comment_is_cut_to_github_limit(github: HTTPServer, tmp_path: Path) -> None:
    comments_on(github, tmp_path, "x" * 70_000)

    handler: Any = github.RequestHandlerClass
    ((_, _, body),) = handler.written
    assert len(body) == 65_536


@pytest.mark.parametrize("status", [200, 401])
def test_refused_comment_fails_step(github: HTTPServer, status: int, tmp_path: Path) -> None:
    handler: Any = github.RequestHandlerClass
    handler.refusal, handler.status = "Resource not accessible by integration", status

    ended = comments_on(github, tmp_path)

    assert ended.returncode == 1
    assert (handler.refusal if status == 200 else "401") in ended.stderr
    assert "ghs_secret" not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_preview_comment_is_plain_text(tmp_path: Path) -> None:
    (script,) = [step["run"] for step in steps(ACTION) if step.get("name") == "Preview"]
    pulumi = executable(tmp_path / "pulumi", r"""printf '~ tag: "</details>\r# heading"\n```\n'; exit 3""")
    environment = {
        "PATH": f"{pulumi.parent}:{os.environ['PATH']}",
        "STACK": "prod",
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }

    ended = subprocess.run(["bash", "-eo", "pipefail", "-c", script], env=environment, check=False)  # noqa: S603, S607  # our own script

    assert ended.returncode == 3
    assert (tmp_path / "preview.md").read_bytes().splitlines()[1:-1] == [
        b"",
        b'    ~ tag: "</details># heading"',
        b"    ```",
        b"",
    ]


def test_release_requires_tag_and_address_of_project() -> None:
    def release(*arguments: str) -> tuple[int, str, str]:
        ended = subprocess.run(  # noqa: S603  # our own script
            [sys.executable, str(ROOT / ".ci" / "release.py"), *arguments], capture_output=True, text=True, check=False
        )
        return ended.returncode, ended.stdout, ended.stderr

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    tag, address = f"v{project['version']}", project["urls"]["Repository"]
    code, notes, _ = release(tag, address)
    assert (code, notes != "") == (0, True)
    assert release("v9.9.9", address)[:2] == (1, "")
    assert release(tag, "https://github.com/somebody/else")[:2] == (1, "")


def test_scripts_name_tests_that_exist() -> None:
    scripts = [file.read_text() for file in (ROOT / ".ci").iterdir()]
    named = {path for script in scripts for path in re.findall(r"tests/[\w/*.]+", script)}

    assert [path for path in sorted(named) if not list(ROOT.glob(path))] == []


def known_commands(script: str) -> list[str]:
    """Return the `fsx-dr` commands of a script after checking that they accept their options."""
    lines = re.findall(r"^ *(?:\.venv/bin/)fsx-dr ([^|\n]*)", script, re.MULTILINE)
    for name, *arguments in map(shlex.split, lines):
        words = [word for word in arguments if word not in PLACEHOLDERS]
        # The parent names the help options, which a command remembers from its first context.
        parent = fsx_dr.context_class(fsx_dr, **fsx_dr.context_settings)
        assert isinstance(fsx_dr.commands[name].make_context(name, words, parent=parent), click.Context)
    return [line.split()[0] for line in lines]


def template_jobs() -> dict[str, dict[str, Any]]:
    _, document = yaml.safe_load_all(TEMPLATE.read_text())
    return {name: job for name, job in document.items() if not name.startswith(".")}


def rule_holds(rule: str, variables: dict[str, str]) -> bool:
    """Evaluate a GitLab rule that joins comparisons with `&&`."""

    def value(term: str) -> object:
        return variables[term[1:]] if term.startswith("$") else json.loads(term)

    return all(value(left) == value(right) for left, right in (each.split(" == ") for each in rule.split(" && ")))


def executable(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)
    return path


def installs(where: str, tmp_path: Path) -> list[tuple[list[str], dict[str, str]]]:
    """Run the install script in a job with all secrets, and return arguments and environment of each pip call."""
    if where == "action":
        (script,) = [step["run"] for step in steps(ACTION) if step.get("name") == "Install"]
    else:
        spec, document = yaml.safe_load_all(TEMPLATE.read_text())
        inputs = spec["spec"]["inputs"]
        script = "\n".join(document[".fsx-dr"]["before_script"])
        for name in ("work_dir", "requirements", "package"):
            script = script.replace(f"$[[ inputs.{name} ]]", inputs[name]["default"])
    log = tmp_path / "log"
    record = f"import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]), file=open({str(log)!r}, 'a'))"
    pip = executable(tmp_path / "pip", f'exec {sys.executable} -c {shlex.quote(record)} "$@"')
    executable(tmp_path / "python", f"mkdir -p .venv/bin && cp {pip} .venv/bin/pip")
    environment = dict.fromkeys(SECRETS, "secret") | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "REQUIREMENTS": "",
        "GITHUB_ACTION_PATH": "/actions/pulumi-fsx-dr/pipelines",
    }
    subprocess.run(["bash", "-eo", "pipefail", "-c", script], cwd=tmp_path, env=environment, check=True)  # noqa: S603, S607  # our own script
    return [(arguments, seen) for arguments, seen in map(json.loads, log.read_text().splitlines())]
