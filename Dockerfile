# The scaler, its libraries and a Python; no pip, no compiler, no user but a number. docs/release.md: built and verified.
#
# The digest is that of the index, so it holds for every architecture; Dependabot renews it.
FROM python:3.11-slim-trixie@sha256:90744cff8f32887f075c47d747a173ff333e9e98801667af93c357fa9f5e28ff AS base

FROM base AS build
# The time that all files are given, so that one commit makes one image: the commit's own.
ARG SOURCE_DATE_EPOCH
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore PYTHONDONTWRITEBYTECODE=1
WORKDIR /build
# Two virtual environments: what builds is not what ships.
RUN python3 -m venv tools && python3 -m venv --without-pip /opt/scalerule
COPY requirements.lock requirements-build.lock ./
RUN tools/bin/pip install --require-hashes --requirement requirements-build.lock
RUN tools/bin/pip --python /opt/scalerule/bin/python install --no-compile --no-deps --only-binary :all: \
        --require-hashes --requirement requirements.lock
COPY LICENSE README.md pyproject.toml ./
COPY scaler scaler
COPY scalers scalers
RUN tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir wheels . && \
    tools/bin/pip --python /opt/scalerule/bin/python install --no-compile --no-deps --no-index --find-links wheels \
        scalerule && \
    tools/bin/pip --python /opt/scalerule/bin/python check
# The file system is read-only where it runs: what is not compiled now is compiled at every start. A hash in the place of
# a time makes bytecode reproducible. Left out: what is generated for every kind of Kubernetes and never loaded, 48 MB.
RUN python3 -m compileall -q --invalidation-mode unchecked-hash -x '/kubernetes/.*client/(api|models)/' /opt/scalerule/lib

FROM base
# Away with pip and its like; the base image has no bytecode of the standard library.
RUN rm -rf /usr/local/bin/pip* /usr/local/bin/wheel /usr/local/lib/python3.*/ensurepip \
        /usr/local/lib/python3.*/site-packages/* && \
    python3 -m compileall -q --invalidation-mode unchecked-hash "$(python3 -c 'import os; print(os.path.dirname(os.__file__))')"
COPY --from=build /opt/scalerule /opt/scalerule
ENV PATH=/opt/scalerule/bin:$PATH PYTHONDONTWRITEBYTECODE=1
LABEL org.opencontainers.image.title=scalerule org.opencontainers.image.licenses=Apache-2.0
# As manifests/base asks; no name in /etc/passwd, so HOME is /.
USER 65532:65532
CMD ["scaler", "run", "--log-format=json"]
