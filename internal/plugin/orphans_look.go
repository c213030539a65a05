package plugin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/clb"
	"github.com/clbcert/clbcert/internal/clberr"
)

// sighting is what one look gave, and how far it can be relied on.
type sighting struct {
	judgment
	// doubt says why the cluster id may be another's, blind that Services couldn't be read.
	doubt, blind string
	// proven says that the cluster id is certainly this cluster's.
	proven bool
}

// look reads everything anew, and judges it.
func (v *orphansVerb) look(ctx context.Context, regions []string) (sighting, error) {
	h := holdings{clusterID: v.used.id, users: map[string][]string{}}
	for _, region := range regions {
		if err := v.lookInto(ctx, region, &h); err != nil {
			return sighting{}, err
		}
	}
	var found sighting
	services, err := v.services(ctx)
	if apierrors.IsForbidden(err) {
		found.blind = "you may not list Services in all namespaces: certificates that only their annotations name look unused"
	} else if err != nil {
		return sighting{}, err
	}
	usedByServices(services, h.users)
	if h.objects, err = v.objects(ctx); err != nil {
		return sighting{}, err
	}
	h.now = v.clock()
	found.judgment, found.doubt, found.proven = judgeOrphans(h), v.used.doubt(h.objects), v.used.proven(h.objects)
	return found, nil
}

// lookInto reads a region's certificates, and who serves them.
func (v *orphansVerb) lookInto(ctx context.Context, region string, h *holdings) error {
	lists, err := v.account.Certificates(ctx, region, time.Now(), clb.Concern{All: true})
	if v.isNone(region, err) {
		fmt.Fprintln(v.ErrOut, "warning: "+oneLine(fmt.Sprintf("region %s, which an object names, is left out: %v", region, err)))
		v.regions = slices.DeleteFunc(slices.Clone(v.regions), func(other string) bool { return other == region })
		return nil
	}
	if err != nil {
		return fmt.Errorf("listing the certificates in %s: %w", region, advised(err))
	}
	users, err := v.account.AllUsers(ctx, region)
	if err != nil {
		return fmt.Errorf("finding who uses certificates in %s: %w", region, advised(err))
	}
	h.certificates = append(h.certificates, lists[0].Certificates...)
	for id, some := range users {
		for _, user := range some {
			h.users[id] = append(h.users[id], strings.TrimSpace(fmt.Sprintf("%s:%d %s", user.LoadBalancerID, user.Port, user.Domain)))
		}
	}
	return nil
}

// isNone tells of a region that only an object names that there is none: anybody may write one.
func (v *orphansVerb) isNone(region string, err error) bool {
	failure, is := errors.AsType[*clberr.Error](err)
	return is && failure.Reason() == v1alpha1.ReasonRegionInvalid && !v.named && region != v.cloud.region
}

// objects are those of all namespaces, as they are now.
func (v *orphansVerb) objects(ctx context.Context) ([]v1alpha1.ServerCertificate, error) {
	list := &v1alpha1.ServerCertificateList{}
	err := v.cluster.List(ctx, list)
	if apierrors.IsForbidden(err) {
		// By its text alone: that a Role grants it would be no help.
		return nil, fmt.Errorf("listing ServerCertificates in all namespaces: %s: without it another namespace's certificate would be taken for an orphan; have the right to list them granted by a ClusterRole", err.Error())
	}
	if err != nil {
		return nil, fmt.Errorf("listing ServerCertificates in all namespaces: %w", err)
	}
	return list.Items, nil
}

// services are those of all namespaces, as they are now.
func (v *orphansVerb) services(ctx context.Context) ([]corev1.Service, error) {
	list := &corev1.ServiceList{}
	if err := v.cluster.List(ctx, list); err != nil {
		return nil, fmt.Errorf("listing Services in all namespaces: %w", err)
	}
	return list.Items, nil
}

// usedByServices adds the Services whose annotations name a certificate.
func usedByServices(services []corev1.Service, users map[string][]string) {
	for i := range services {
		for _, id := range ccm.Names(&services[i]) {
			users[id] = append(users[id], "Service "+services[i].Namespace+"/"+services[i].Name)
		}
	}
}
