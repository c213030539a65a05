package simulator

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	mathrand "math/rand/v2"
	"sync"
	"time"
)

// random is the seeded source of dice, list orders and IDs, for concurrent use. Credentials don't come from it.
type random struct {
	mu     sync.Mutex
	source *mathrand.Rand
}

func newRandom(seed uint64) *random {
	return &random{source: mathrand.New(mathrand.NewPCG(seed, seed))}
}

// below gives a number in [0,n).
func (r *random) below(n int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source.IntN(n)
}

// chance is true with the given probability.
func (r *random) chance(probability float64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source.Float64() < probability
}

func shuffle[T any](r *random, rows []T) []T {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.source.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
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
