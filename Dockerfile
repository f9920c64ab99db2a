# All programs, an image each: docker build --target order-service .
# Without a target it is orderly: the whole system in one process, and the
# operator's tool.

FROM --platform=$BUILDPLATFORM golang:1.26-trixie AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=dev
# More flags of go build, as -a.
ARG BUILD_FLAGS=
ARG TARGETOS TARGETARCH
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -buildvcs=false -trimpath -ldflags "-s -w -funcalign=16 -X main.version=${VERSION}" ${BUILD_FLAGS} -o /out/ \
      ./cmd/order-service ./cmd/inventory-service ./cmd/payment-service ./cmd/orderly && \
    mkdir /data

FROM gcr.io/distroless/static-debian13:nonroot AS base
ARG VERSION=dev
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="Orderly" \
      org.opencontainers.image.description="Order processing on NATS JetStream" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="gcr.io/distroless/static-debian13:nonroot"
ENV ORDERLY_HTTP_ADDR=:8080
EXPOSE 8080
USER 65532:65532

FROM base AS order-service
COPY --from=build /out/order-service /order-service
HEALTHCHECK --interval=5s --timeout=5s --start-period=2m CMD ["/order-service", "healthcheck"]
ENTRYPOINT ["/order-service"]

FROM base AS inventory-service
COPY --from=build /out/inventory-service /inventory-service
HEALTHCHECK --interval=5s --timeout=5s --start-period=2m CMD ["/inventory-service", "healthcheck"]
ENTRYPOINT ["/inventory-service"]

FROM base AS payment-service
COPY --from=build /out/payment-service /payment-service
HEALTHCHECK --interval=5s --timeout=5s --start-period=2m CMD ["/payment-service", "healthcheck"]
ENTRYPOINT ["/payment-service"]

FROM base AS orderly
COPY --from=build /out/orderly /orderly
COPY --from=build --chown=65532:65532 /data /data
ENV ORDERLY_DATA=/data
VOLUME /data
HEALTHCHECK --interval=5s --timeout=5s --start-period=2m CMD ["/orderly", "healthcheck"]
ENTRYPOINT ["/orderly"]
CMD ["up"]
