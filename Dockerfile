# One image for every service of docker-compose.yml that is ours: the command tells them apart.
FROM python:3.13-slim-trixie AS packages
WORKDIR /build
COPY pyproject.toml requirements.lock ./
# The lock file also names the tools of development; this keeps its versions and hashes and leaves those out.
RUN sed -n '/^uv==/,/^[^ ]/{/^uv==/p;/^ .*--hash/p;}' requirements.lock | sed '$s/ \\$//' >uv.txt \
    && pip install --no-cache-dir --quiet --require-hashes -r uv.txt \
    && grep -v '^managed = ' pyproject.toml >run.toml && mkdir run && mv run.toml run/pyproject.toml \
    && cp requirements.lock runtime.txt \
    && uv pip compile -q run/pyproject.toml --generate-hashes --universal --python-version 3.11 \
        --no-emit-index-url -o runtime.txt \
    && uv venv -q /opt/holdfast && uv pip sync -q --python /opt/holdfast/bin/python --compile-bytecode \
        --require-hashes runtime.txt

FROM python:3.13-slim-trixie
ENV PATH=/opt/holdfast/bin:$PATH PYTHONUNBUFFERED=1 PYTHONPATH=/app HOLDFAST_HOME=/data HOLDFAST_HOST=0.0.0.0
RUN useradd --system --uid 10001 --home-dir /data --create-home holdfast
COPY --from=packages /opt/holdfast /opt/holdfast
COPY . /app
# `holdfast` as a command, without a second installation step.
RUN printf '#!/bin/sh\nexec python -m cli.main "$@"\n' >/usr/local/bin/holdfast && chmod 755 /usr/local/bin/holdfast \
    && python -m compileall -q /app
WORKDIR /app
USER holdfast
VOLUME /data
EXPOSE 8000
CMD ["holdfast", "doctor"]
