package engine

import (
	"embed"

	"orderly/pkg/sqldb"
)

//go:embed migrations
var migrations embed.FS

// Tables are the engine's own, which every service's database must have: inbox,
// attempts, dead letters and progress marks.
func Tables() sqldb.Tables { return sqldb.Tables{Name: "engine", Files: migrations} }
