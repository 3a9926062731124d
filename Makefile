# Every target sets up what it needs, once; tests/setup does that and says what it is doing.
.DEFAULT_GOAL := help
.PHONY: help demo test fuzz check docs bench mutation wheel sbom image setup-runtime setup-dev setup-test setup-docs

help: ## this list
	@awk -F ':.*## ' '/^[a-z -]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' Makefile

demo: setup-runtime ## the main job in a minute; needs no cluster and no broker
	@.venv/bin/scaler demo

# Three: most tests wait for something, so two leave the cores idle.
test: setup-test ## every test, on a real kube-apiserver and a real RabbitMQ; the first time builds them (10 minutes)
	@.venv/bin/pytest -n 3 --dist worksteal $(PYTEST)

fuzz: setup-dev ## 100,000 annotations and as many reviews that nobody should write (20 minutes)
	@SCALER_FUZZ=100000 .venv/bin/pytest tests/test_fuzz.py --timeout=0 $(PYTEST)

check: setup-dev docs ## ruff, mypy --strict, import-linter, links and anchors of the documentation
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

# Not --quiet: that hides the warnings from --strict as well.
docs: setup-docs ## the documentation as a site, into build/site; a broken link or anchor is an error
	@NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict
	@! grep -rE '(src|@import)[=( "]+https?:' build/site --include='*.html' --include='*.css'

bench: setup-test ## every figure beside its aim, into benchmarks/RESULTS.md (an hour), then the other scripts
	@.venv/bin/python -m benchmarks
	@for name in decide page read scrape simulate; do echo "== benchmarks.$$name"; .venv/bin/python -m benchmarks.$$name || exit 1; done

mutation: setup-dev ## mutation testing of the decision: what its tests do not notice (10 minutes); docs/mutation.md
	@tests/mutation

wheel sbom image: setup-dev ## what a release consists of, into dist/; docs/release.md
	@release/build $@

setup-runtime: ## .venv with what the scaler needs
	@tests/setup runtime

setup-dev: ## the same and the tools
	@tests/setup dev

setup-docs: setup-dev ## the same and what builds the site
	@tests/setup docs

setup-test: setup-dev ## the same, RabbitMQ from Debian, and the control plane
	@tests/setup debian
	@tests/setup cluster
