package sqldb_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"orderly/pkg/sqldb"
)

func ownedBy(owner string) sqldb.Schema {
	s := schema(items())
	s.Owner = owner
	return s
}

func TestMigrate_refuses_the_database_of_another(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := e.open(t)
		if err := db.CheckOwner(t.Context(), "inventory"); err != nil {
			t.Errorf("an empty database: %v", err)
		}
		if err := db.Migrate(t.Context(), ownedBy("inventory")); err != nil {
			t.Fatal(err)
		}
		other := sqldb.Schema{Owner: "order", Tables: []sqldb.Tables{{Name: "order", Files: items()}}}
		for name, err := range map[string]error{
			"Migrate": db.Migrate(t.Context(), other), "Check": db.Check(t.Context(), other), "CheckOwner": db.CheckOwner(t.Context(), "order"),
		} {
			if !errors.Is(err, sqldb.ErrOwner) || !strings.Contains(err.Error(), `"inventory"`) || !strings.Contains(err.Error(), `"order"`) {
				t.Errorf("%s: got %v, want an error that names both", name, err)
			}
		}
		versions, err := db.Versions(t.Context(), other)
		if err != nil || len(versions) != 1 || versions[0].Applied() {
			t.Errorf("got %+v, %v; want nothing of the other's", versions, err)
		}
		again := e.open(t)
		if err := again.Migrate(t.Context(), ownedBy("inventory")); err != nil {
			t.Errorf("another replica: %v", err)
		}
		if err := again.Migrate(t.Context(), ownedBy("")); err != nil {
			t.Errorf("one who asks nobody: %v", err)
		}
	})
}

// Of two services that are started on one empty database at once, with all their
// replicas, one gets it.
func TestMigrate_gives_a_database_to_one_of_two_at_once(t *testing.T) {
	t.Parallel()
	e := onPostgres(t)
	var group errgroup.Group
	results := map[string]chan error{"order": make(chan error, 5), "inventory": make(chan error, 5)}
	for owner, result := range results {
		for range 5 {
			db := e.open(t)
			group.Go(func() error {
				result <- db.Migrate(t.Context(), ownedBy(owner))
				return nil
			})
		}
	}
	_ = group.Wait()
	refused := map[string]int{}
	for owner, result := range results {
		for range 5 {
			err := <-result
			if errors.Is(err, sqldb.ErrOwner) {
				refused[owner]++
			} else if err != nil {
				t.Errorf("%s: %v", owner, err)
			}
		}
	}
	if refused["order"]+refused["inventory"] != 5 || refused["order"]*refused["inventory"] != 0 {
		t.Errorf("refused %v, want all five of one", refused)
	}
}
