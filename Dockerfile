# A server for other programs: docs/guides/serve.md
FROM python:3.12-slim

COPY . /source
RUN pip install --no-cache-dir -c /source/constraints.txt "/source[serve,formats]" && rm -r /source \
    && useradd --create-home matteplug
USER matteplug
EXPOSE 8000
HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=5)"]

# the token comes with `docker run -e MATTEPLUG_TOKEN=…`; without one the server refuses to start
CMD ["matteplug", "serve", "--host", "0.0.0.0"]
