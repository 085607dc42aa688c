# The MCP server in a container. It sees the container, not the host: mount what it shall judge, read-only, or point
# infra.toml at Prometheus, bills and endpoints.
#   docker build -t infra-maintainer . && docker run -i --rm -v ./infra.toml:/work/infra.toml:ro infra-maintainer
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY server server
COPY tools tools
COPY prompts prompts
COPY agents agents
COPY evals evals
RUN python -m venv /opt/infra-maintainer \
 && /opt/infra-maintainer/bin/pip install --no-cache-dir '.[all]'

FROM python:3.13-slim
COPY --from=build /opt/infra-maintainer /opt/infra-maintainer
RUN useradd --system --create-home --home-dir /work maintainer
USER maintainer
WORKDIR /work
ENV PATH=/opt/infra-maintainer/bin:$PATH PYTHONDONTWRITEBYTECODE=1
ENTRYPOINT ["infra-maintainer"]
CMD ["serve"]
