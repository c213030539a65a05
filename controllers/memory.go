package controllers

import (
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
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
	// writing is the object as a write that is under way leaves it: its echo may come
	// before its answer.
	writing *v1alpha1.ServerCertificate
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
	m.note(key, func(known *memory) {
		if known.uid == s.Object.UID {
			known.plan = s.Memory
		}
	})
}

// write does a write of this process, and notes it, so that its echo isn't taken for news.
func (m *memories) write(object *v1alpha1.ServerCertificate, write func() error) error {
	key := client.ObjectKeyFromObject(object)
	m.note(key, func(known *memory) { known.writing = object.DeepCopy() })
	err := write()
	m.note(key, func(known *memory) {
		known.writing = nil
		if err == nil {
			known.written = object.ResourceVersion
		}
	})
	return err
}

// note changes what is remembered of an object, if anything is.
func (m *memories) note(key types.NamespacedName, change func(*memory)) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if known := m.objects[key]; known != nil {
		change(known)
	}
}

// echo tells whether an object is just as this process wrote it last, or is about to.
func (m *memories) echo(object *v1alpha1.ServerCertificate) bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	known := m.objects[client.ObjectKeyFromObject(object)]
	return known != nil && (known.written == object.ResourceVersion || known.writing != nil && alike(known.writing, object))
}

// alike tells whether two versions of an object say the same.
func alike(a, b *v1alpha1.ServerCertificate) bool {
	return a.UID == b.UID && a.Generation == b.Generation && a.DeletionTimestamp.Equal(b.DeletionTimestamp) &&
		slices.Equal(a.Finalizers, b.Finalizers) && maps.Equal(a.Annotations, b.Annotations) && maps.Equal(a.Labels, b.Labels) &&
		equality.Semantic.DeepEqual(a.Status, b.Status)
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
