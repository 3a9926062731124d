"""Grafana dashboards as code. `python -m dashboards` writes manifests/dashboards; the scaler never loads this."""
