# The fakes as a container: a Registry on 8000 and an Orchestrator on 8001.
# docker build -t udckit . && docker run --rm -p 8000:8000 -p 8001:8001 udckit
FROM python:3.11-slim AS wheel
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.11-slim
RUN useradd --create-home udckit
COPY --from=wheel /wheels /wheels
RUN pip install --no-cache-dir /wheels/*.whl && rm -r /wheels
USER udckit
EXPOSE 8000 8001
HEALTHCHECK --interval=5s --timeout=2s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=1)"]
ENTRYPOINT ["udckit"]
CMD ["fakes", "up", "--bind", "0.0.0.0", "--registry-port", "8000", "--orchestrator-port", "8001"]
