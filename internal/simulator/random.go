package simulator

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"sync"
	"time"
)

// random is the seeded source of dice, list orders and IDs, for concurrent use: SplitMix64, so that a seed gives the same
// run with every Go version. Credentials and request IDs don't come from it.
type random struct {
	mu    sync.Mutex
	state uint64
}

func newRandom(seed uint64) *random { return &random{state: seed} }

// fraction gives a number in [0,1).
func (r *random) fraction() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return float64((z^z>>31)>>11) / (1 << 53)
}

// below gives a number in [0,n).
func (r *random) below(n int) int { return int(r.fraction() * float64(n)) }

// chance is true with the given probability.
func (r *random) chance(probability float64) bool { return r.fraction() < probability }

// shuffle puts rows into no order: who relies on one shall see it fail.
func shuffle[T any](r *random, rows []T) []T {
	for i := len(rows) - 1; i > 0; i-- {
		j := r.below(i + 1)
		rows[i], rows[j] = rows[j], rows[i]
	}
	return rows
}

// certificateID gives an ID of the form the service gives: digits of the account, the time in milliseconds as hex,
// and two numbers of which the second is negative.
func (r *random) certificateID(account string, now time.Time) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(account)) // a hash never refuses
	return fmt.Sprintf("%d_%x_%d_-%d", 1_000_000_000+h.Sum32()%1_000_000_000, now.UnixMilli(),
		1_000_000_000+r.below(1_000_000_000), 1+r.below(1_999_999_999))
}

const letters = "abcdefghijklmnopqrstuvwxyz0123456789"

// word gives n lower-case letters and digits, as in lb-bp1b6c719dfa08ex.
func (r *random) word(n int) string {
	word := make([]byte, n)
	for i := range word {
		word[i] = letters[r.below(len(letters))]
	}
	return string(word)
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails (crypto/rand, Go 1.24)
	return hex.EncodeToString(b)
}

// newRequestID gives an upper-case UUID of version 4, as in the service's answers.
func newRequestID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%X-%X-%X-%X-%X", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
