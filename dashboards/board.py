"""What all dashboards have in common."""

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import DashboardLinkType, VariableRefresh, VariableSort

from dashboards.panel import SOURCE

_TAG = "scalerule"
#: The series of the chosen rules.
RULE = 'namespace=~"$namespace", deployment=~"$deployment"'
#: While a rule moves from one scaler to another, both may tell of it.
EACH = "by (namespace, deployment)"


def board(uid: str, title: str, text: str) -> dashboard.Dashboard:
    """Empty so far; links to the others, keeps time and variables."""
    board = dashboard.Dashboard(title).uid(uid).description(text).tags([_TAG]).readonly().timezone("browser")
    board = board.time("now-3h", "now").refresh("30s")
    others = dashboard.DashboardLink("Scalerule").type(DashboardLinkType.DASHBOARDS).tags([_TAG])
    board = board.link(others.as_dropdown(True).keep_time(True).include_vars(True))
    return board.with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))


def variable(name: str, query: str) -> dashboard.QueryVariable:
    """One that a person chooses at the top, from what Prometheus knows."""
    variable = dashboard.QueryVariable(name).label(name.capitalize()).query(query).datasource(SOURCE)
    return (
        variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
    )


def state(name: str) -> str:
    """How many rules are in a state; 0 where none is."""
    return f'sum(scaler_rules{{state="{name}"}}) or vector(0)'


def quantile(histogram: str, part: float, *by: str) -> str:
    """Of a histogram, for each value of the labels `by`."""
    return f"histogram_quantile({part}, sum by ({', '.join((*by, 'le'))}) (rate({histogram}_bucket[$__rate_interval])))"
