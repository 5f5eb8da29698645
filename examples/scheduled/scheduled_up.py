"""The component `ScheduledUp`: EventBridge starts `pulumi up` in CodeBuild."""

# ruff: noqa: INP001  # a module of a program, not a package

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi import Input

# CodeBuild ends a build after this many minutes, at most 2160; what it cuts off, the next run goes on with.
_MINUTES = 2160

_INSTALL = ".venv/bin/pip install --quiet --require-hashes --only-binary :all: --requirement requirements.txt"

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
                # No package runs code here (wheels alone), and pip sees neither the secrets nor the role's credentials.
                f'env -i "HOME=$HOME" "PATH=$PATH" {_INSTALL}',
            ],
        },
        "build": {
            "commands": ["pulumi up --yes --skip-preview --non-interactive --continue-on-error --stack $PULUMI_STACK"]
        },
    },
}
"""What a build does, in the root of the repository."""


class ScheduledUp(pulumi.ComponentResource):
    """A CodeBuild project that runs `pulumi up`, what starts it, and the two roles that this takes.

    Attributes:
        project: the CodeBuild project; `aws codebuild start-build` starts it by hand.
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
        """Make them.

        Args:
            name: the component's logical name.
            repository: the HTTPS address of the GitHub repository with the program; CodeBuild has to be connected.
            stack: the stack that is updated.
            schedules: when, as EventBridge writes it: `cron(30 3 * * ? *)`, in UTC. FSx sends no event for a backup
                that is done, so go by the file system's daily start time.
            permissions: the policy document that `fsx-dr policy` prints.
            event_pattern: what else starts it, such as a job of AWS Backup that is done.
            environment: variables of the build, such as PULUMI_BACKEND_URL.
            secrets: variables of the build, by the ARN of the Secrets Manager secret that holds each.
            pulumi_version: of the CLI.
            opts: the ordinary resource options.
        """
        super().__init__("examples:index:ScheduledUp", name, None, opts)
        self._name, self._own = name, pulumi.ResourceOptions(parent=self)
        own = {"PULUMI_STACK": stack, "PULUMI_VERSION": pulumi_version, "PULUMI_PARALLEL": "64"}
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
                    *(_variable(key, value, "PLAINTEXT") for key, value in (own | dict(environment or {})).items()),
                    *(_variable(key, secret, "SECRETS_MANAGER") for key, secret in (secrets or {}).items()),
                ],
            ),
            source={"type": "GITHUB", "location": repository, "buildspec": json.dumps(BUILDSPEC)},
            build_timeout=_MINUTES,
            # One at a time: another run could do nothing but wait for the stack's lock.
            concurrent_build_limit=1,
            opts=self._own,
        )
        start = self._role("start", "events.amazonaws.com")
        self._allow("start", start, self.project.arn.apply(_start_policy))
        for number, schedule in enumerate(schedules):
            self._start_by(f"schedule-{number}", start, schedule=schedule)
        if event_pattern:
            self._start_by("event", start, event_pattern=json.dumps(event_pattern))
        self.register_outputs({"project": self.project.name})

    def _start_by(
        self, what: str, role: aws.iam.Role, *, schedule: str | None = None, event_pattern: str | None = None
    ) -> None:
        rule = aws.cloudwatch.EventRule(
            f"{self._name}-{what}", schedule_expression=schedule, event_pattern=event_pattern, opts=self._own
        )
        aws.cloudwatch.EventTarget(
            f"{self._name}-{what}", rule=rule.name, arn=self.project.arn, role_arn=role.arn, opts=self._own
        )

    def _role(self, what: str, service: str) -> aws.iam.Role:
        trusted = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
        return aws.iam.Role(f"{self._name}-{what}", assume_role_policy=policy, opts=self._own)

    def _allow(self, what: str, role: aws.iam.Role, policy: Input[str]) -> None:
        aws.iam.RolePolicy(f"{self._name}-{what}", role=role.id, policy=policy, opts=self._own)


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
