# One image for every process of a node: the command says which one it becomes (see docker-compose.yml).
#     docker build -t renkou .        docker run renkou python -m renkou_migrant.worker
FROM python:3.13-slim-bookworm AS libraries

COPY requirements.lock /tmp/
# Pinned and checked against their hashes; wheels only, except nkeys, which is published as source alone.
RUN python -m venv /opt/renkou \
    && /opt/renkou/bin/pip install --no-cache-dir --no-compile --disable-pip-version-check \
       --require-hashes --only-binary :all: --no-binary nkeys -r /tmp/requirements.lock \
    && /opt/renkou/bin/pip uninstall --quiet --yes pip \
    && /opt/renkou/bin/python -m compileall -q -j 0 /opt/renkou/lib


FROM python:3.13-slim-bookworm

# Fonts for rare characters in names (CJK extensions A to F), used where they are: SIL Open Font License.
RUN apt-get update && apt-get install -y --no-install-recommends fonts-hanazono \
    && rm -rf /var/lib/apt/lists/*

# /data: a new volume that is mounted there belongs to this user, as NATS runs under it.
RUN groupadd --gid 10001 renkou && install -d -o 10001 -g 10001 -m 0700 /data && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /app renkou
COPY --from=libraries /opt/renkou /opt/renkou
COPY libs/common/src/ services/registry-api/src/ services/migrant-api/src/ services/reporting-worker/src/ \
    deploy/local/src/ /app/src/
COPY deploy/nats/ /app/deploy/nats/
# Compiled here: at run time the root file system is read-only. Readable whatever the umask of the checkout was.
RUN /opt/renkou/bin/python -m compileall -q /app/src && chmod -R a+rX /app

ENV PATH=/opt/renkou/bin:/usr/local/bin:/usr/bin:/bin PYTHONPATH=/app/src PYTHONUNBUFFERED=1 \
    RENKOU_DEPLOY_DIR=/app/deploy
WORKDIR /app
USER 10001:10001
CMD ["python", "-m", "renkou_registry.main"]
