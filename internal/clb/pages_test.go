package clb

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

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

func TestAllListenersOfManyLoadBalancers(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	const each = 13 // listeners; those of eight load balancers are more than a page
	made := make([]string, 10)
	together(len(made), func(i int) { made[i] = makeLoadBalancer(t, s.account, "", "") })
	together(len(made)*each, func(i int) { makeListener(t, s.account, made[i/each], int32(1000+i%each), s.new) })
	ids := append(slices.Clone(made), s.id, s.id, "lb-none") // twelve different ones
	fronts := s.fronts(t, 0, ids...)
	for _, id := range made {
		ports, serves := []ListenerPort{}, map[int32]string{}
		for port := int32(1000); port < 1000+each; port++ {
			ports, serves[port] = append(ports, ListenerPort{port, "https", "shop"}), s.new
		}
		front := fronts[id]
		slices.SortFunc(front.Listeners, func(a, b ListenerPort) int { return int(a.Port - b.Port) })
		if !front.Found || !slices.Equal(front.Listeners, ports) || !maps.Equal(front.Defaults, serves) {
			t.Errorf("got %+v, want %+v that serve %v", front, ports, serves)
		}
	}
	if front := fronts[s.id]; len(front.Listeners) != 2 || !maps.Equal(front.Defaults, map[int32]string{443: s.old}) {
		t.Errorf("the shop: got %+v", front)
	}
	if len(fronts) != 12 || fronts["lb-none"].Found {
		t.Errorf("%d load balancers, and of none %+v", len(fronts), fronts["lb-none"])
	}
	balancers, listeners := s.calls(actionLoadBalancers), s.calls(actionListeners)
	if len(balancers) != 2 || len(listeners) != 3 { // ten and two; the listeners of the ten are two pages
		t.Errorf("%d and %d calls", len(balancers), len(listeners))
	}
	for _, one := range append(balancers, listeners...) {
		if _, eleventh := one.Parameters["LoadBalancerId.11"]; eleventh || strings.Count(one.Parameters["LoadBalancerId"], ",") > 9 {
			t.Errorf("more than ten are asked for at once: %v", one.Parameters)
		}
	}
}

func TestListsWithoutAnEnd(t *testing.T) {
	t.Parallel()
	a := stub(t, func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		page, _ := strconv.Atoi(query.Get("PageNumber"))
		list, total := `[]`, (page+1)*pageSize
		if query.Get("LoadBalancerId") != "" { // by ID they have an end, and their listeners have none
			list, total = `[{"LoadBalancerId":"lb-1"}]`, 1
		}
		says(200, fmt.Sprintf(`{"RequestId":"R-1","LoadBalancers":{"LoadBalancer":%s},"TotalCount":%d,"Listeners":[],"NextToken":"n"}`,
			list, total))(w, r)
	})
	_, found := a.FindLoadBalancers(t.Context(), region, "192.0.2.1")
	_, listed := a.Fronts(t.Context(), region, []string{"lb-1"}, time.Now())
	for action, err := range map[string]error{actionLoadBalancers: found, actionListeners: listed} {
		if got := failure(t, err); got.Class() != clberr.Transient || got.Action != action || !strings.Contains(got.Message, "no end") {
			t.Errorf("%s: got %+v", action, *got)
		}
	}
}
