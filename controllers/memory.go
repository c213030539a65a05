package controllers

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/plan"
)

// memories are what this process remembers of each object from pass to pass.
type memories struct {
	mutex   sync.Mutex
	objects map[types.NamespacedName]*memory
}

// memory is that of one object.
type memory struct {
	uid  types.UID
	plan plan.Memory
	// written is the resourceVersion of this process's last write.
	written string
}

// get returns what is remembered of an object, as a pass over it begins.
func (m *memories) get(object *v1alpha1.ServerCertificate, now time.Time) plan.Memory {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	key := client.ObjectKeyFromObject(object)
	known := m.objects[key]
	if known == nil || known.uid != object.UID {
		known = &memory{uid: object.UID}
		if m.objects == nil {
			m.objects = map[types.NamespacedName]*memory{}
		}
		m.objects[key] = known
	}
	known.plan = known.plan.Observe(object, now)
	return known.plan
}

// put remembers what a pass came to.
func (m *memories) put(key types.NamespacedName, s plan.State) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if known := m.objects[key]; known != nil && known.uid == s.Object.UID {
		known.plan = s.Memory
	}
}

// wrote notes a write of this process, so that its echo isn't taken for news.
func (m *memories) wrote(object *v1alpha1.ServerCertificate) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if known := m.objects[client.ObjectKeyFromObject(object)]; known != nil {
		known.written = object.ResourceVersion
	}
}

// echo tells whether an object is just as this process wrote it last.
func (m *memories) echo(object client.Object) bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	known := m.objects[client.ObjectKeyFromObject(object)]
	return known != nil && known.written == object.GetResourceVersion()
}

// behind tells whether an object is older than this process wrote it last: the cache
// hasn't caught up.
func (m *memories) behind(object client.Object) bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	known := m.objects[client.ObjectKeyFromObject(object)]
	if known == nil || known.uid != object.GetUID() || known.written == "" {
		return false
	}
	order, err := resourceversion.CompareResourceVersion(object.GetResourceVersion(), known.written)
	return err == nil && order < 0
}

// drop forgets an object that is gone.
func (m *memories) drop(key types.NamespacedName) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	delete(m.objects, key)
}
