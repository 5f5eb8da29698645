"""CloudWatch metrics in one Region."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from botocore.config import Config

from .client import ClientFactory
from .errors import map_errors

_AT_ONCE = 500  # CloudWatch API, PutMetricData: at most 1000 metrics and 1 MB in a call
_LONGEST = 1024  # CloudWatch API, Dimension: Value
_CALLS = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3})


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One value (CloudWatch API, MetricDatum). Empty dimensions are omitted."""

    name: str
    value: float
    unit: Literal["None", "Seconds", "Count"]
    dimensions: Mapping[str, str]


class CloudWatch:
    """CloudWatch in one Region, for one account."""

    def __init__(self, region: str, credentials: ClientFactory) -> None:
        self._region, self._credentials = region, credentials

    def put(self, namespace: str, metrics: Sequence[Metric], time: datetime) -> None:
        with map_errors("cloudwatch:PutMetricData", self._region):
            client = self._credentials.client("cloudwatch", self._region, _CALLS)
            for start in range(0, len(metrics), _AT_ONCE):
                some = [_datum(metric, time) for metric in metrics[start : start + _AT_ONCE]]
                client.put_metric_data(Namespace=namespace, MetricData=some)


def _datum(metric: Metric, time: datetime) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value[:_LONGEST]} for name, value in metric.dimensions.items() if value]
    return {
        "MetricName": metric.name,
        "Value": float(metric.value),
        "Unit": metric.unit,
        "Timestamp": time,
        "Dimensions": dimensions,
    }
