package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"orderly/pkg/sqldb"
)

// refreshEvery is how soon a process follows settings that another one has made.
const refreshEvery = time.Second

// stored is settings as the ledger keeps them for all who share it. Version grows
// with each change; 0 says that nobody has set any.
type stored struct {
	version  int64
	settings Settings
}

// Settings returns the settings in force, also those that another process has just
// set in the same ledger.
func (s *Simulated) Settings(ctx context.Context) (Settings, error) {
	if err := s.refresh(ctx); err != nil {
		return Settings{}, err
	}
	return s.faults.current(), nil
}

// SetSettings replaces all settings and starts the random source anew from the seed, for calls that begin
// from now on; an outage also meets calls that are still waiting. They are kept in the ledger's database:
// other processes that share it follow within a second, and a restart finds them. Settings out of range
// change nothing.
func (s *Simulated) SetSettings(ctx context.Context, settings Settings) error {
	if err := settings.Validate(); err != nil {
		return fmt.Errorf("payment gateway settings: %w", err)
	}
	kept, err := s.ledger.keep(ctx, settings)
	if err != nil {
		return fmt.Errorf("keep the payment gateway's settings: %w", err)
	}
	s.faults.adopt(kept)
	return nil
}

// follow asks now and then for what other processes have set. What cannot be read
// is no reason to fail: the call that needs the ledger will.
func (s *Simulated) follow(ctx context.Context) {
	if s.faults.due(time.Now()) {
		_ = s.refresh(ctx)
	}
}

func (s *Simulated) refresh(ctx context.Context) error {
	kept, err := s.ledger.kept(ctx)
	if err != nil {
		return fmt.Errorf("read the payment gateway's settings: %w", err)
	}
	s.faults.adopt(kept)
	return nil
}

const selectSettings = "SELECT version, settings FROM gateway_settings WHERE one = 1"

func (l sqlLedger) kept(ctx context.Context) (stored, error) {
	rows, err := l.db.Reader().QueryContext(ctx, selectSettings)
	if err != nil {
		return stored{}, err
	}
	defer rows.Close()
	var found stored
	for rows.Next() {
		if found, err = scanSettings(rows); err != nil {
			return stored{}, err
		}
	}
	return found, rows.Err()
}

func scanSettings(row sqldb.Row) (stored, error) {
	var found stored
	var text string
	if err := row.Scan(&found.version, &text); err != nil {
		return stored{}, err
	}
	return found, json.Unmarshal([]byte(text), &found.settings)
}

func (l sqlLedger) keep(ctx context.Context, settings Settings) (stored, error) {
	text, err := json.Marshal(settings)
	if err != nil {
		return stored{}, err
	}
	var before stored
	err = l.inTx(ctx, func(tx *sqldb.Tx) error {
		before = stored{}
		tx.Query("read the settings", selectSettings+l.db.Lock(), func(row sqldb.Row) (err error) {
			before, err = scanSettings(row)
			return err
		})
		if err := tx.Send(ctx); err != nil {
			return err
		}
		if before.version == 0 {
			tx.Exec("add the settings", "INSERT INTO gateway_settings (one, version, settings) VALUES (1, 1, $1)", string(text))
		} else {
			tx.Exec("change the settings", "UPDATE gateway_settings SET version = $1, settings = $2 WHERE one = 1", before.version+1, string(text))
		}
		return nil
	})
	return stored{before.version + 1, settings}, err
}
