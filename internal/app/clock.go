package app

import (
	"context"
	"fmt"
	"time"

	"orderly/pkg/httpkit"
	"orderly/pkg/sqldb"
)

// maxSkew is how far this machine's clock and the database's may lie apart
// before a person is told. State goes by the database's clock alone.
const maxSkew = 5 * time.Second

// clockCheck warns of a clock of this machine that is wrong, or of the
// database's.
func clockCheck(db *sqldb.DB, clock func() time.Time) httpkit.Check {
	return func(ctx context.Context) error {
		before := clock()
		now, err := db.Now(ctx)
		if err != nil {
			return err
		}
		took := clock().Sub(before)
		skew := before.Add(took / 2).Sub(now)
		if skew.Abs() <= maxSkew+took/2 {
			return nil
		}
		return httpkit.Warning(fmt.Errorf("the clock of this machine is %s the database's: is time synchronised (NTP) on both?", apart(skew)))
	}
}

func apart(skew time.Duration) string {
	if skew < 0 {
		return fmt.Sprintf("%s behind", -skew.Round(time.Second))
	}
	return fmt.Sprintf("%s ahead of", skew.Round(time.Second))
}
