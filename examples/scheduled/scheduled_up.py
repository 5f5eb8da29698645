"""The component `ScheduledUp`: EventBridge starts `pulumi up` in CodeBuild."""

# ruff: noqa: INP001  # a module of a program, not a package

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi import Input

_MINUTES = 2160  # the longest time that CodeBuild allows for a build; the next run resumes unfinished copies
# The packages that pulumi-fsx-dr needs, with hashes. docs/pull-requests.md describes how to add more.
_REQUIREMENTS = "https://raw.githubusercontent.com/OWNER/pulumi-fsx-dr/v0.1.0/pipelines/requirements.txt"
_PACKAGE = "git+https://github.com/OWNER/pulumi-fsx-dr@v0.1.0"
# `env -i` hides the secrets and credentials of the build from pip. Wheels run no code when they are installed.
_PIP = 'env -i "HOME=$HOME" "PATH=$PATH" .venv/bin/pip install --quiet'

BUILDSPEC: dict[str, Any] = {
    "version": 0.2,
    "phases": {
        "install": {
            "runtime-versions": {"python": "3.12"},
            "commands": [
                "curl -fsSL https://get.pulumi.com/releases/sdk/pulumi-v$PULUMI_VERSION-linux-x64.tar.gz > pulumi.tgz",
                "tar -xzf pulumi.tgz -C $HOME",
                'export PATH="$HOME/pulumi:$PATH"',
                "python -m venv .venv",
                f"{_PIP} --require-hashes --only-binary :all: --requirement {_REQUIREMENTS}",
                f"{_PIP} --no-index --no-deps --no-build-isolation {_PACKAGE}",
            ],
        },
        "build": {
            "commands": ["pulumi up --yes --skip-preview --non-interactive --continue-on-error --stack $PULUMI_STACK"]
        },
    },
}
"""The commands of a build. They run in the root of the repository."""


class ScheduledUp(pulumi.ComponentResource):
    """A CodeBuild project that runs `pulumi up`, the EventBridge rules that start it, and their roles.

    Attributes:
        project: the CodeBuild project. `aws codebuild start-build` starts it manually.
    """

    def __init__(  # noqa: PLR0913  # keyword arguments, each a setting of its own
        self,
        name: str,
        *,
        repository: str,
        stack: str,
        schedules: Sequence[str],
        permissions: Input[str],
        event_pattern: Mapping[str, Any] | None = None,
        environment: Mapping[str, Input[str]] | None = None,
        secrets: Mapping[str, str] | None = None,
        pulumi_version: str = "3.272.0",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the resources.

        Args:
            name: the component's logical name.
            repository: HTTPS address of the GitHub repository with the program. CodeBuild needs access to it.
            stack: the stack to update.
            schedules: schedule expressions of EventBridge such as `cron(30 3 * * ? *)`, in UTC. Choose a time after
                the daily backups of the file systems.
            permissions: the policy document that `fsx-dr policy` prints.
            event_pattern: an event that also starts a build, such as the end of a job of AWS Backup.
            environment: environment variables of the build, such as PULUMI_BACKEND_URL.
            secrets: environment variables with secret values, each with the ARN of its secret in Secrets Manager.
            pulumi_version: version of the Pulumi CLI.
            opts: resource options.
        """
        super().__init__("examples:index:ScheduledUp", name, None, opts)
        self._name, self._child = name, pulumi.ResourceOptions(parent=self)
        variables = {"PULUMI_STACK": stack, "PULUMI_VERSION": pulumi_version, "PULUMI_PARALLEL": "64"}
        build = self._role("build", "codebuild.amazonaws.com")
        self._allow("copies", build, permissions)
        self._allow("build", build, json.dumps(_build_policy(secrets or {})))
        self.project = aws.codebuild.Project(
            name,
            service_role=build.arn,
            artifacts={"type": "NO_ARTIFACTS"},
            environment=aws.codebuild.ProjectEnvironmentArgs(
                type="LINUX_CONTAINER",
                compute_type="BUILD_GENERAL1_SMALL",
                image="aws/codebuild/amazonlinux-x86_64-standard:5.0",
                environment_variables=[
                    *(
                        _variable(key, value, "PLAINTEXT")
                        for key, value in (variables | dict(environment or {})).items()
                    ),
                    *(_variable(key, secret, "SECRETS_MANAGER") for key, secret in (secrets or {}).items()),
                ],
            ),
            source={"type": "GITHUB", "location": repository, "buildspec": json.dumps(BUILDSPEC)},
            build_timeout=_MINUTES,
            # Pulumi locks the stack, so a second build would fail.
            concurrent_build_limit=1,
            opts=self._child,
        )
        start = self._role("start", "events.amazonaws.com")
        self._allow("start", start, self.project.arn.apply(_start_policy))
        for number, schedule in enumerate(schedules):
            self._start_by(f"schedule-{number}", start, schedule=schedule)
        if event_pattern:
            self._start_by("event", start, event_pattern=json.dumps(event_pattern))
        self.register_outputs({"project": self.project.name})

    def _start_by(
        self, suffix: str, role: aws.iam.Role, *, schedule: str | None = None, event_pattern: str | None = None
    ) -> None:
        rule = aws.cloudwatch.EventRule(
            f"{self._name}-{suffix}", schedule_expression=schedule, event_pattern=event_pattern, opts=self._child
        )
        aws.cloudwatch.EventTarget(
            f"{self._name}-{suffix}", rule=rule.name, arn=self.project.arn, role_arn=role.arn, opts=self._child
        )

    def _role(self, suffix: str, service: str) -> aws.iam.Role:
        trusted = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
        return aws.iam.Role(f"{self._name}-{suffix}", assume_role_policy=policy, opts=self._child)

    def _allow(self, suffix: str, role: aws.iam.Role, policy: Input[str]) -> None:
        aws.iam.RolePolicy(f"{self._name}-{suffix}", role=role.id, policy=policy, opts=self._child)


def _variable(name: str, value: Input[str], type_: str) -> aws.codebuild.ProjectEnvironmentEnvironmentVariableArgs:
    return aws.codebuild.ProjectEnvironmentEnvironmentVariableArgs(name=name, value=value, type=type_)


def _build_policy(secrets: Mapping[str, str]) -> dict[str, Any]:
    statements = [_allowed(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], ["*"])]
    if secrets:
        statements.append(_allowed(["secretsmanager:GetSecretValue"], list(secrets.values())))
    return {"Version": "2012-10-17", "Statement": statements}


def _start_policy(project: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [_allowed(["codebuild:StartBuild"], [project])]})


def _allowed(actions: list[str], resources: list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}
