package clb

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// User is a listener, or one of its domain extensions, that serves a certificate.
type User struct {
	LoadBalancerID string
	Port           int32
	// Domain is the extension's, "" for the listener itself.
	Domain string
}

const (
	// usersAge is how old what is told of a certificate's users may be.
	usersAge = time.Minute
	// maxScanned is how many listeners are looked at for their extensions.
	maxScanned = 200
)

// Users finds who serves a certificate: the API has no way to ask that but to look at all
// of the region's HTTPS listeners, and with extensions at each one's own. It is for a
// message, and so it may be a minute old, and may miss some where there are very many.
func (a *Account) Users(ctx context.Context, region, certificateID string, extensions bool) ([]User, error) {
	rows, err := a.listeners(ctx, region, nil, protocolHTTPS)
	if err != nil {
		return nil, err
	}
	var users []User
	for i, row := range rows {
		if row.certificateID == certificateID {
			users = append(users, User{LoadBalancerID: row.LoadBalancerID, Port: row.Port})
		}
		if !extensions || i >= maxScanned {
			continue
		}
		listener, _, err := a.ListenerSince(ctx, region, row.LoadBalancerID, row.Port, time.Now().Add(-usersAge))
		if err != nil {
			return users, err
		}
		for _, e := range listener.Extensions {
			if e.CertificateID == certificateID {
				users = append(users, User{LoadBalancerID: row.LoadBalancerID, Port: row.Port, Domain: e.Domain})
			}
		}
	}
	sortUsers(users)
	return users, nil
}

// AllUsers finds who serves which certificates of a region, by the certificate's ID, as it is
// from now on: it costs a call for each HTTPS listener. Unlike Users it misses nobody, or is an
// error: it may be the ground for a deletion.
func (a *Account) AllUsers(ctx context.Context, region string) (map[string][]User, error) {
	rows, err := a.listeners(ctx, region, nil, protocolHTTPS)
	if err != nil {
		return nil, err
	}
	users := map[string][]User{}
	for _, row := range rows {
		listener, err := a.Listener(ctx, region, row.LoadBalancerID, row.Port)
		switch {
		case err != nil && unlessGone(err) == nil:
			continue // deleted since it was listed
		case err != nil:
			return nil, err
		}
		for _, id := range slices.Compact([]string{listener.CertificateID, row.certificateID}) { // it may just have changed
			users[id] = append(users[id], User{LoadBalancerID: row.LoadBalancerID, Port: row.Port})
		}
		for _, e := range listener.Extensions {
			users[e.CertificateID] = append(users[e.CertificateID], User{LoadBalancerID: row.LoadBalancerID, Port: row.Port, Domain: e.Domain})
		}
	}
	for _, some := range users {
		sortUsers(some)
	}
	return users, nil
}

func sortUsers(users []User) {
	slices.SortFunc(users, func(a, b User) int {
		return cmp.Or(cmp.Compare(a.LoadBalancerID, b.LoadBalancerID), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Domain, b.Domain))
	})
}
