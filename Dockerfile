FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /portal

COPY requirements.lock .
RUN pip install --require-hashes -r requirements.lock

COPY . .
# PostgreSQL wants a user with a name, and not root.
RUN useradd --uid 10001 --no-create-home portal && mkdir /data && chown portal:portal /data
USER portal

ENV HOST=0.0.0.0 PORTAL_DATA_DIR=/data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --start-period=60s --interval=15s --timeout=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=8)"]
CMD ["python", "manage.py", "up"]
