package clb

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/clbcert/clbcert/internal/clberr"
)

// together runs do for 0 to n-1, some at once.
func together(n int, do func(i int)) {
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := worker; i < n; i += 8 {
				do(i)
			}
		})
	}
	group.Wait()
}

func TestLoadBalancersAreFoundByAddress(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	a := b.account()
	const shared, own = "192.0.2.1", "192.0.2.2"
	made := make([]string, 101)
	together(len(made), func(i int) { made[i] = makeLoadBalancer(t, a, "", shared) })
	one := makeLoadBalancer(t, a, "", own)
	slices.Sort(made)
	for address, want := range map[string][]string{shared: made, own: {one}, "192.0.2.3": nil} {
		before := len(b.calls("DescribeLoadBalancers"))
		got, err := a.FindLoadBalancers(t.Context(), region, address)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %d, want %d, %v", address, len(got), len(want), err)
		}
		if pages := len(b.calls("DescribeLoadBalancers")) - before; pages != 1+len(want)/101 {
			t.Errorf("%s: %d pages were read", address, pages)
		}
	}
}

func TestAllDefaultCertificatesOfManyLoadBalancers(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	const each = 13 // listeners; those of eight load balancers are more than a page
	ids := []string{s.id, s.id}
	for range 10 {
		ids = append(ids, makeLoadBalancer(t, s.account, "", ""))
	}
	together(10*each, func(i int) { makeListener(t, s.account, ids[2+i/each], int32(1000+i%each), s.new) })
	got, err := s.account.DefaultCertificates(t.Context(), region, append(ids, "lb-none"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, listener := range got {
		want := Listener{LoadBalancerID: listener.LoadBalancerID, Port: listener.Port, CertificateID: s.new, Status: "stopped"}
		if listener.LoadBalancerID == s.id {
			want.Port, want.CertificateID = 443, s.old
		}
		if fmt.Sprint(listener) != fmt.Sprint(want) {
			t.Errorf("got %+v, want %+v", listener, want)
		}
		seen[fmt.Sprint(listener.LoadBalancerID, listener.Port)]++
	}
	if len(got) != 10*each+1 || len(seen) != len(got) {
		t.Errorf("%d listeners, %d different ones", len(got), len(seen))
	}
	calls := s.calls(actionListeners)
	if len(calls) != 3 {
		t.Errorf("%d calls", len(calls))
	}
}

func TestListsWithoutAnEnd(t *testing.T) {
	t.Parallel()
	a := stub(t, func(w http.ResponseWriter, r *http.Request) {
		page, _ := strconv.Atoi(r.URL.Query().Get("PageNumber"))
		says(200, fmt.Sprintf(`{"RequestId":"R-1","LoadBalancers":{"LoadBalancer":[]},"TotalCount":%d,"Listeners":[],"NextToken":"n"}`,
			(page+1)*pageSize))(w, r)
	})
	_, found := a.FindLoadBalancers(t.Context(), region, "192.0.2.1")
	_, listed := a.DefaultCertificates(t.Context(), region, []string{"lb-1"})
	for _, err := range []error{found, listed} {
		if got := failure(t, err); got.Class() != clberr.Transient {
			t.Errorf("got %+v", *got)
		}
	}
}
