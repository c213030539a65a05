package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/time/rate"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// The API server is asked twice for each scrape, within this time and at this rate: who reaches
// the port could else have it asked without end.
const (
	reviewTimeout = 10 * time.Second
	reviewRate    = 10
	reviewBurst   = 20
)

// metricsAccess lets read the metrics whom the API server knows by a bearer token, and lets get
// their path. controller-runtime's own filter does the same, and brings the API server's
// libraries: 24 MB of program and 21 MiB of memory.
type metricsAccess struct {
	reviews client.Client
	limit   *rate.Limiter
}

func newMetricsAccess(config *rest.Config, connections *http.Client) (metricsserver.Filter, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(authenticationv1.AddToScheme(scheme), authorizationv1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	reviews, err := client.New(config, client.Options{HTTPClient: connections, Scheme: scheme})
	if err != nil {
		return nil, err
	}
	access := &metricsAccess{reviews: reviews, limit: rate.NewLimiter(reviewRate, reviewBurst)}
	return func(log logr.Logger, next http.Handler) (http.Handler, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			status, err := access.check(request)
			if err != nil {
				log.Error(err, "asking the API server who may read the metrics")
			}
			if status != http.StatusOK {
				http.Error(w, http.StatusText(status), status)
				return
			}
			next.ServeHTTP(w, request)
		}), nil
	}, nil
}

// check is 200 for a request that may pass. The error is what the API server couldn't tell.
func (a *metricsAccess) check(request *http.Request) (int, error) {
	scheme, token, _ := strings.Cut(request.Header.Get("Authorization"), " ")
	if token = strings.TrimSpace(token); !strings.EqualFold(scheme, "Bearer") || token == "" {
		return http.StatusUnauthorized, nil
	}
	if !a.limit.Allow() {
		return http.StatusTooManyRequests, nil
	}
	ctx, cancel := context.WithTimeout(request.Context(), reviewTimeout)
	defer cancel()
	identity := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token}}
	if err := a.reviews.Create(ctx, identity); err != nil {
		return http.StatusInternalServerError, fmt.Errorf("TokenReview: %w", err)
	}
	if !identity.Status.Authenticated {
		return http.StatusUnauthorized, nil
	}
	access := &authorizationv1.SubjectAccessReview{Spec: accessOf(identity.Status.User, request)}
	if err := a.reviews.Create(ctx, access); err != nil {
		return http.StatusInternalServerError, fmt.Errorf("SubjectAccessReview: %w", err)
	}
	if !access.Status.Allowed {
		return http.StatusForbidden, nil
	}
	return http.StatusOK, nil
}

// accessOf is the question whether user may do what request asks for.
func accessOf(user authenticationv1.UserInfo, request *http.Request) authorizationv1.SubjectAccessReviewSpec {
	extra := make(map[string]authorizationv1.ExtraValue, len(user.Extra))
	for key, values := range user.Extra {
		extra[key] = authorizationv1.ExtraValue(values)
	}
	return authorizationv1.SubjectAccessReviewSpec{
		User: user.Username, UID: user.UID, Groups: user.Groups, Extra: extra,
		NonResourceAttributes: &authorizationv1.NonResourceAttributes{Path: request.URL.Path, Verb: strings.ToLower(request.Method)},
	}
}
