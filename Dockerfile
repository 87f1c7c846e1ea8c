# One image for every process of a node; the command says which (see docker-compose.yml).
FROM python:3.13-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app/src RENKOU_DEPLOY_DIR=/app/deploy
RUN groupadd --gid 10001 renkou && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /app renkou

COPY requirements.lock /app/
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: \
    -r /app/requirements.lock

COPY libs/common/src/ services/registry-api/src/ services/migrant-api/src/ services/reporting-worker/src/ \
    deploy/local/src/ /app/src/
COPY deploy/nats/ /app/deploy/nats/
RUN python -m compileall -q /app/src

WORKDIR /app
USER 10001:10001
CMD ["python", "-m", "renkou_registry.main"]
