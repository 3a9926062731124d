"""The few kinds of panels that the dashboards are made of, all alike: a unit, a sentence that says what is seen."""

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, statetimeline, timeseries
from grafana_foundation_sdk.models.common import BigValueGraphMode, LineInterpolation, StackingMode, TooltipDisplayMode
from grafana_foundation_sdk.models.dashboard import DataSourceRef, Threshold, ThresholdsMode

#: The Prometheus that a person chooses at the top.
SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")


def query(expr: str, legend: str = "") -> prometheus.Dataquery:
    """One query; `legend` names its series, with labels as {{label}}."""
    return prometheus.Dataquery().expr(expr).legend_format(legend or "__auto").datasource(SOURCE)


def number(title: str, text: str, expr: str, unit: str = "short", red: float | None = None) -> stat.Panel:
    """A number of now; red from `red` on."""
    steps = [Threshold(value=None, color="green")]
    if red is not None:
        steps.append(Threshold(value=red, color="red"))
    thresholds = dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
    panel = stat.Panel().title(title).description(text).unit(unit).datasource(SOURCE).thresholds(thresholds)
    return panel.graph_mode(BigValueGraphMode.NONE).with_target(query(expr).instant()).height(4).span(4)


def graph(title: str, text: str, unit: str, *queries: tuple[str, str], stacked: bool = False) -> timeseries.Panel:
    """Lines over time: each query with its legend."""
    panel = timeseries.Panel().title(title).description(text).unit(unit).datasource(SOURCE).min(0)
    panel = panel.tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI)).fill_opacity(
        10 if not stacked else 40
    )
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL))
    for expr, legend in queries:
        panel = panel.with_target(query(expr, legend))
    return panel.height(8).span(12)


def stairs(title: str, text: str, unit: str, *queries: tuple[str, str]) -> timeseries.Panel:
    """As `graph`, for what changes in steps, such as a count of replicas."""
    return graph(title, text, unit, *queries).line_interpolation(LineInterpolation.STEP_AFTER).fill_opacity(0)


def states(title: str, text: str, *queries: tuple[str, str]) -> statetimeline.Panel:
    """When what was so: 1 is coloured, 0 is not."""
    steps = [Threshold(value=None, color="transparent"), Threshold(value=1, color="blue")]
    thresholds = dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
    panel = statetimeline.Panel().title(title).description(text).unit("short").datasource(SOURCE).thresholds(thresholds)
    for expr, legend in queries:
        panel = panel.with_target(query(expr, legend))
    return panel.height(6).span(24)
