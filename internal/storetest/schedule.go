package storetest

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// schedules returns every order in which the steps of two batches can be
// taken: 20 strings such as "aababb".
func schedules() []string {
	var out []string
	var grow func(prefix string, a, b int)
	grow = func(prefix string, a, b int) {
		if a == 0 && b == 0 {
			out = append(out, prefix)
		}
		if a > 0 {
			grow(prefix+"a", a-1, b)
		}
		if b > 0 {
			grow(prefix+"b", a, b-1)
		}
	}
	grow("", stepsOfBatch, stepsOfBatch)
	return out
}

// Race is two batches that are committed at the same time, A and B, and a look
// at what they left.
type Race struct {
	A, B  []any
	Check func(t *testing.T, a, b *Actor)
}

// OnEverySchedule plays a race once for each order of steps, on PostgreSQL: on
// SQLite there is one writer at a time. Round n makes the nth race, from 0 on,
// with rows of its own. Returned is why batches ran again.
func (s Service) OnEverySchedule(t *testing.T, round func(t *testing.T, r Replica, n int) Race) (reruns []error) {
	t.Helper()
	d := s.OnPostgres(t)
	first, second := d.Replica(t), d.Replica(t)
	for n, schedule := range schedules() {
		t.Run(schedule, func(t *testing.T) {
			race := round(t, first, n)
			a, b := NewActor(first, race.A...), NewActor(second, race.B...)
			play(t, schedule, a, b)
			race.Check(t, a, b)
			for _, err := range append(a.Failures, b.Failures...) {
				wantUniqueViolation(t, err)
				reruns = append(reruns, err)
			}
			if len(a.Failures)+len(b.Failures) > 1 {
				t.Errorf("both batches ran again: %v, %v", a.Failures, b.Failures)
			}
		})
	}
	return reruns
}

// WantReruns fails the test if no batch ran again: the race is then for nothing.
func WantReruns(t testing.TB, reruns []error) {
	t.Helper()
	if len(reruns) == 0 {
		t.Error("no batch ever ran again: the schedules do not race")
	}
}

// WantNoReruns fails the test if a batch ran again: where the row is there, one
// waits for the other.
func WantNoReruns(t testing.TB, reruns []error) {
	t.Helper()
	if len(reruns) > 0 {
		t.Errorf("batches ran again, want that they wait for the row: %v", reruns)
	}
}

// wantUniqueViolation: a race for a row that is not there yet is decided by its
// primary key, and by nothing else.
func wantUniqueViolation(t testing.TB, err error) {
	t.Helper()
	var answer *pgconn.PgError
	if !errors.As(err, &answer) || answer.Code != "23505" {
		t.Errorf("ran again because of %v, want a unique violation (23505)", err)
	}
}
