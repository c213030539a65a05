# The manager alone, for linux/amd64 and linux/arm64. "make image" gives version, commit and date:
#   make image IMAGE=registry.example.com/clbcert:0.1.0
#
# The compiler runs on the builder's own platform and compiles for the other one: nothing is emulated.
FROM --platform=$BUILDPLATFORM golang:1.26.8 AS build
WORKDIR /src
ENV CGO_ENABLED=0 GOMODCACHE=/cache/modules GOCACHE=/cache/build
# The modules are fetched anew when these two files change, never because of the source.
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/cache/modules go mod download
COPY . .
ARG TARGETOS TARGETARCH VERSION COMMIT DATE
RUN --mount=type=cache,target=/cache/modules --mount=type=cache,target=/cache/build \
    GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -o bin/manager \
    -ldflags "-s -w \
      -X github.com/clbcert/clbcert/internal/version.version=$VERSION \
      -X github.com/clbcert/clbcert/internal/version.commit=$COMMIT \
      -X github.com/clbcert/clbcert/internal/version.date=$DATE" \
    ./cmd/manager

# Root certificates, time zones and the user 65532 (nonroot); no shell and no package manager.
FROM gcr.io/distroless/static-debian13:nonroot
ARG VERSION COMMIT DATE
LABEL org.opencontainers.image.title="clbcert" \
      org.opencontainers.image.description="Keeps TLS certificates in Alibaba Cloud's Classic Load Balancer equal to Kubernetes Secrets" \
      org.opencontainers.image.source="https://github.com/clbcert/clbcert" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$COMMIT" \
      org.opencontainers.image.created="$DATE"
COPY --from=build /src/bin/manager /manager
USER 65532:65532
ENTRYPOINT ["/manager"]
