# The five programs in one small image (the last stage), and the Redis they are tested with (stage `redis`).
# docs/operations.md says how they are run; compose.yaml runs them.

FROM debian:12-slim AS build
WORKDIR /src
COPY packages.txt ./
COPY tools/install-packages tools/
RUN tools/install-packages --to-build
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY shared shared
COPY broker broker
COPY worker worker
COPY aggregator aggregator
COPY gateway gateway
COPY cli cli
ENV CCACHE_DIR=/ccache LANG=C.UTF-8
RUN --mount=type=cache,id=consilium-ccache,target=/ccache \
    cmake --preset release -DCONSILIUM_TESTS=OFF > /dev/null \
    && cmake --build --preset release \
    && ccache --show-stats \
    && cmake --install build/release --prefix /out --strip

FROM debian:12-slim AS redis
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server \
    && rm -rf /var/lib/apt/lists/* \
    && mkdir /data && chown redis:redis /data
COPY configs/compose/redis.conf /etc/consilium/redis.conf
USER redis
WORKDIR /data
VOLUME /data
EXPOSE 6379
STOPSIGNAL SIGTERM
LABEL org.opencontainers.image.title="Redis for Consilium" \
      org.opencontainers.image.description="Debian's Redis, set so that nothing accepted is lost"
ENTRYPOINT ["redis-server", "/etc/consilium/redis.conf"]

FROM debian:12-slim AS consilium
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
       ca-certificates libzmq5 libhiredis0.14 libcurl4 libspdlog1.10 libssl3 libjemalloc2 libprometheus-cpp-core1.0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin consilium \
    && install -d -m 1777 /run/consilium
COPY --from=build /out/bin/ /usr/local/bin/
COPY configs /usr/share/consilium/configs
# A library that is missing is found here, not at the first start.
RUN for program in consilium consilium-broker consilium-worker consilium-aggregator consilium-gateway; do \
      "$program" --version || exit 1; done
ENV CONSILIUM_HOME=/usr/share/consilium \
    CONSILIUM_CONFIG=/etc/consilium/consilium.toml
USER consilium
STOPSIGNAL SIGTERM
LABEL org.opencontainers.image.title="Consilium" \
      org.opencontainers.image.description="A council of LLMs for brief clinical vignettes: broker, worker, aggregator, gateway, command line"
# The loop of each program writes this file every second when it is started with --health.
HEALTHCHECK --interval=10s --timeout=10s --start-period=20s --retries=3 \
    CMD ["consilium", "health", "/run/consilium/health"]
CMD ["consilium", "--help"]
