"""Run `pulumi up` of another stack in CodeBuild, on a schedule or after an event."""

# ruff: noqa: INP001  # a program, not a package

import pulumi
from scheduled_up import ScheduledUp

config = pulumi.Config()

scheduled = ScheduledUp(
    "copies",
    repository=config.require("repository"),
    stack=config.require("stack"),
    schedules=config.require_object("schedules"),
    permissions=config.require("policy"),
    environment=config.get_object("environment") or {},
    secrets=config.get_object("secrets") or {},
)

pulumi.export("project", scheduled.project.name)
