package clb

import (
	"context"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"

	"github.com/clbcert/clbcert/internal/clberr"
)

const (
	actionList = "DescribeServerCertificates"
	// listLimit is the longest list read, in bytes. A certificate with 20 tags
	// has some 3 KB, the quota of 100 to a region can be raised, and there are no pages.
	listLimit = 16 << 20
	// maxRegions is how many regions of one account are remembered.
	maxRegions = 64
)

// Certificates gives lists of those certificates of region that somebody is concerned
// with, newest first; the newest began at or after since. Where one is remembered no call is made;
// else one call is shared by all who ask meanwhile. Older lists come with it:
// those that began within the window before the newest, and the newest that
// began before that. Each is corrected by what this process did: its uploads
// are in it, its deletions are not.
func (a *Account) Certificates(ctx context.Context, region string, since time.Time, concern Concern) ([]List, error) {
	if err := checkRegion(actionList, region); err != nil {
		return nil, err
	}
	if now := time.Now(); since.After(now) {
		since = now
	}
	listing := a.listing(region)
	for {
		lists, ok, wait := listing.look(since, concern, func(f *flight) { a.list(region, listing, f) })
		if ok {
			return lists, nil
		}
		if err := wait(ctx); err != nil {
			return nil, err
		}
	}
}

// list makes f's call and lands it.
func (a *Account) list(region string, listing *listing, f *flight) {
	certificates, err := a.describe(f.ctx, region, func() { listing.left(f) })
	listing.land(f, certificates, err)
}

func (a *Account) describe(ctx context.Context, region string, leaving func()) ([]Certificate, error) {
	if err := a.wait(ctx, actionList); err != nil {
		return nil, err
	}
	leaving()
	body, err := a.do(ctx, request{action: actionList, region: region, limit: listLimit, build: func() requests.AcsRequest {
		return slb.CreateDescribeServerCertificatesRequest()
	}})
	if err != nil {
		return nil, err
	}
	var answer listDocument
	if err := decode(actionList, body, &answer); err != nil {
		return nil, err
	}
	certificates, ok := answer.certificates(region)
	if !ok {
		return nil, unreadable(actionList, body, "the answer holds no readable list")
	}
	if listed := a.client.config.Listed; listed != nil {
		listed(a.ID(), region, len(certificates))
	}
	return certificates, nil
}

// did tells region's lists what was done.
func (a *Account) did(region string, e effect) { a.listing(region).did(e) }

// listing gives what is remembered of region; beyond maxRegions the one not
// used for longest is forgotten.
func (a *Account) listing(region string) *listing {
	a.mu.Lock()
	defer a.mu.Unlock()
	found, ok := a.regions[region]
	if !ok {
		if len(a.regions) >= maxRegions {
			a.forgetRegion()
		}
		config := a.client.config
		found = &listing{window: config.Window, settle: 2 * config.Timeout}
		a.regions[region] = found
	}
	found.used = time.Now()
	return found
}

func (a *Account) forgetRegion() {
	oldest := ""
	for region, listing := range a.regions {
		if oldest == "" || listing.used.Before(a.regions[oldest].used) {
			oldest = region
		}
	}
	delete(a.regions, oldest)
}

// cancelled is what a caller gets whose context ended while it waited.
func cancelled(action string) error {
	return clberr.New(action, "", "the call was cancelled", "", 0, clberr.NotSent)
}
