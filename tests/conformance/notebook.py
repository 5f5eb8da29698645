"""What was observed, and the page that says so."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from simulator.fsx.settings import Settings
from simulator.sections import write_section
from tests.conformance.account import Account

SECTION = "observed"


@dataclass
class Notebook:
    """Observations by what they are about, in the order in which they were made; settings of the stand-in by name."""

    account: Account
    observed: dict[str, str] = field(default_factory=dict)

    def note(self, about: str, value: object) -> None:
        """Keep what was observed; seconds are rounded to tenths."""
        self.observed[about] = f"{value:.1f}" if isinstance(value, float) else str(value)

    def write(self) -> None:
        """Write the observations into the page."""
        asked = self.account.asked
        who = "AWS" if self.account.is_aws else "a stand-in for AWS (`AWS_ENDPOINT_URL` was set)"
        what = f"a backup of type {_kind(self.account)} from {asked.home} to {asked.away}"
        lines = [
            f"Observed on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC of {who}: copies of {what}.",
            "",
            "| Behaviour | The stand-in's default | Observed |",
            "| :-- | :-- | :-- |",
            *(f"| `{about}` | {_default(about)} | {value} |" for about, value in self.observed.items()),
        ]
        write_section(asked.page, SECTION, "\n".join(lines))


def _default(about: str) -> str:
    return str(getattr(Settings(), about, "none"))


def _kind(account: Account) -> str:
    return str(account.source.get("FileSystem", {}).get("FileSystemType") or "ONTAP (a volume)")
