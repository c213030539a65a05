package operation

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/env"
)

const (
	// lives is how many objects are made, renewed and deleted, each with credentials of its
	// own. What leaks with an object, or with any of the faults, is left so often at least.
	lives = 12
	// moreGoroutines is how many more there may be at the end than at the beginning: for a
	// connection or a request that is just then open, never for what comes with each object.
	moreGoroutines = lives / 4
)

// befalling are the faults that the lives go through, each of them so often as there are lives.
var befalling = []string{
	"UploadServerCertificate=timeout", "UploadServerCertificate=reset", "UploadServerCertificate=applied-then-reset",
	"DescribeServerCertificates=timeout", "DescribeServerCertificates=reset", "DescribeServerCertificates=http502",
	"DeleteServerCertificate=timeout", "DeleteServerCertificate=reset",
}

func TestNoGoroutineIsLeftBehind(t *testing.T) {
	s := setStage(t).manage("--api-qps", "0", "--api-timeout", "500ms", "--consistency-window", "300ms")
	s.liveAndEnd("first", 1) // what begins with the first object stays
	before, after := s.goroutines(), 0

	var faults []string
	for _, fault := range befalling {
		faults = append(faults, fmt.Sprintf("%s:x%d", fault, lives))
	}
	s.cloud.SetFaults(t, faults...)
	s.liveAndEnd("many", lives)
	s.checkBefallen()
	s.liveAndEnd("last", 1) // a new watch of a credentials Secret ends those that nobody needs

	t.Cleanup(func() {
		t.Logf("%d goroutines before, %d after", before, after)
		if t.Failed() {
			s.manager.Abort(t) // its log then has the stacks
		}
	})
	// Connections that have nothing to do are closed after half a minute.
	s.poll("as many goroutines as in the beginning", func() bool {
		after = s.goroutines()
		return after <= before+moreGoroutines
	})
}

// checkBefallen checks that the faults have happened.
func (s *stage) checkBefallen() {
	s.Helper()
	failed := map[string]int{}
	for _, call := range s.cloud.Calls(s) {
		failed[call.Action+"="+call.Outcome]++
	}
	for _, fault := range befalling {
		if failed[fault] != lives {
			s.Errorf("%s happened to %d calls, want %d", fault, failed[fault], lives)
		}
	}
}

// liveAndEnd has so many objects made, renewed and deleted, each with credentials of its own.
func (s *stage) liveAndEnd(name string, count int) {
	s.Helper()
	var objects []*v1alpha1.ServerCertificate
	for i := range count {
		key := fmt.Sprintf("%s-key-%d", name, i)
		s.ownKey(key, env.SimulatedAccessKey{ID: "LTAI5t" + key, Secret: "secret", Account: strconv.Itoa(2000000000000000 + i)})
		objects = append(objects, s.add(s.certificate(fmt.Sprintf("%s-%d", name, i), signedBy(key))))
	}
	for _, object := range objects {
		s.ready(object)
	}
	s.renewAll(objects)
	s.checkNoSyncLost(objects)
	for _, object := range objects {
		s.must(s.cluster.Client.Delete(s.Context(), object))
	}
	for _, object := range objects {
		env.WaitGone(s, s.cluster, object)
	}
}

var goroutinesNow = regexp.MustCompile(`(?m)^go_goroutines (\d+)$`)

// goroutines are how many the running manager has, by its own count.
func (s *stage) goroutines() int {
	s.Helper()
	request, err := http.NewRequestWithContext(s.Context(), http.MethodGet, s.manager.MetricsURL+"/metrics", http.NoBody)
	s.must(err)
	response, err := http.DefaultClient.Do(request)
	s.must(err)
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	s.must(err)
	match := goroutinesNow.FindSubmatch(page)
	if match == nil {
		s.Fatalf("no number of goroutines in %s: %s", response.Status, page)
	}
	count, err := strconv.Atoi(string(match[1]))
	s.must(err)
	return count
}
