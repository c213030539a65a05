# The manager alone, for linux/amd64 and linux/arm64:
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg VERSION=0.1.0 -t clbcert .
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH VERSION COMMIT DATE
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -o /manager \
    -ldflags "-s -w \
      -X github.com/clbcert/clbcert/internal/version.version=$VERSION \
      -X github.com/clbcert/clbcert/internal/version.commit=$COMMIT \
      -X github.com/clbcert/clbcert/internal/version.date=$DATE" \
    ./cmd/manager

# static:nonroot has root certificates, time zones and the user 65532; no shell.
FROM gcr.io/distroless/static:nonroot
COPY --from=build /manager /manager
USER 65532:65532
ENTRYPOINT ["/manager"]
