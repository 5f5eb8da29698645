"""The settings of a stack."""

from dataclasses import fields

from pulumi.runtime.config import CONFIG, get_config_env

from pulumi_fsx_dr.copies.names import camel_case
from pulumi_fsx_dr.copies.near_names import nearest
from pulumi_fsx_dr.fsx.aws_settings import IGNORED, REFUSED, AwsSettings


def given_settings(namespace: str) -> list[str]:
    """Return the names of the stack's settings in a namespace, which `pulumi.Config` cannot list."""
    given = {**(get_config_env() or {}), **CONFIG.get()}
    return [name.removeprefix(f"{namespace}:") for name in given if name.startswith(f"{namespace}:")]


def misspelled_aws_settings() -> list[str]:
    """Return a warning for each `aws:` setting that pulumi-aws does not know, if a known one is similar."""
    known = [*(camel_case(row.name) for row in fields(AwsSettings)), "assumeRole", *REFUSED, *IGNORED]
    # A name that resembles no other may be a new setting of pulumi-aws.
    near = {name: nearest(name, known) for name in given_settings("aws") if name not in known}
    return [
        f"The stack has the unknown setting aws:{name}, which has no effect. Did you mean aws:{meant}?"
        for name, meant in near.items()
        if meant
    ]
