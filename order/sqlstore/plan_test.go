package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"orderly/pkg/sqldb"
)

// many is how many rows the tables have where plans are looked at.
const many = 50_000

// series is SQL for the numbers i below many, and idOfI for the order's id.
const series = "WITH RECURSIVE series(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM series WHERE i < %d) "

func idOfI(d database) string {
	if d.name == "sqlite" {
		return "printf('019a0000-0000-7000-8000-%012x', i)"
	}
	return "('019a0000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid"
}

// fill adds rows to a table, as a SELECT from series gives them, and lets
// PostgreSQL know what it has.
func fill(t testing.TB, d database, db *sqldb.DB, table, rows string) {
	t.Helper()
	err := db.InTx(t.Context(), func(tx *sql.Tx, _ time.Time) error {
		_, err := tx.ExecContext(t.Context(), "INSERT INTO "+table+" "+fmt.Sprintf(series, many-1)+rows)
		if err == nil && d.name == "postgres" {
			_, err = tx.ExecContext(t.Context(), "ANALYZE "+table)
		}
		return err
	})
	if err != nil {
		t.Fatalf("fill %s: %v", table, err)
	}
}

// wantPlans explains the statements of a spy on the pools that the service has,
// those of a batch on the one that writes, and fails if one reads a table from
// end to end. Walks are the tables that may be.
func wantPlans(t testing.TB, d database, db *sqldb.DB, what string, statements []statement, walks ...string) {
	t.Helper()
	seen := 0
	for _, s := range statements {
		if strings.HasPrefix(s.query, "SELECT now()") {
			continue
		}
		seen++
		explain := explainPostgres
		if d.name == "sqlite" {
			explain = explainSQLite
		}
		for kind, plan := range explain(t, db, s) {
			if fault := badPlan(d, plan, walks); fault != "" {
				t.Errorf("%s: %s in the %s plan of\n%s\n%s", what, fault, kind, s.query, plan)
			}
		}
	}
	if seen == 0 {
		t.Errorf("%s: no statement was made", what)
	}
}

var (
	scannedSQLite   = regexp.MustCompile(`(?m)^SCAN (\w+)( VIRTUAL TABLE.*| USING .*)?$`)
	scannedPostgres = regexp.MustCompile(`(?:Seq Scan on (\w+)|Index (?:Only )?Scan (?:Backward )?using \w+ on (\w+)[^\n]*\n\s+(Index Cond)?)`)
)

func badPlan(d database, plan string, walks []string) string {
	if d.name == "sqlite" {
		inner, _, _ := strings.Cut(plan, "SCAN page") // what is left to sort is no more than a page
		if strings.Contains(inner, "TEMP B-TREE") {
			return "a sort"
		}
		for _, scan := range scannedSQLite.FindAllStringSubmatch(plan, -1) {
			if !strings.Contains(scan[2], "VIRTUAL") && scan[1] != "page" && !slices.Contains(walks, scan[1]) {
				return "a scan of " + scan[1]
			}
		}
		return ""
	}
	for _, scan := range scannedPostgres.FindAllStringSubmatch(plan, -1) {
		if table := scan[1] + scan[2]; scan[3] == "" && !slices.Contains(walks, table) {
			return "a scan of " + table
		}
	}
	return ""
}

func explainSQLite(t testing.TB, db *sqldb.DB, s statement) map[string]string {
	t.Helper()
	var plan string
	for _, row := range rows(t, db, "EXPLAIN QUERY PLAN "+s.query, s.args...) {
		plan += strings.SplitN(row, " ", 4)[3] + "\n"
	}
	return map[string]string{"only": plan}
}

// explainPostgres returns the plan for these arguments, and the one that the
// server may keep for all.
func explainPostgres(t testing.TB, db *sqldb.DB, s statement) map[string]string {
	t.Helper()
	reads := strings.HasPrefix(s.query, "SELECT") && !strings.Contains(s.query, "ANY(")
	plans := make(map[string]string)
	look := func(tx *sql.Tx) error {
		var err error
		if plans["custom"], err = plan(t.Context(), tx, "EXPLAIN "+s.query, s.args...); err != nil {
			return err
		}
		if reads { // the server keeps a plan for all only where it costs no more
			return nil
		}
		for _, each := range []string{"PREPARE kept AS " + s.query, "SET LOCAL plan_cache_mode = force_generic_plan"} {
			if _, err := tx.ExecContext(t.Context(), each); err != nil {
				return err
			}
		}
		nulls := strings.TrimSuffix(strings.Repeat("NULL, ", len(s.args)), ", ")
		if plans["kept"], err = plan(t.Context(), tx, "EXPLAIN EXECUTE kept("+nulls+")"); err != nil {
			return err
		}
		_, err = tx.ExecContext(t.Context(), "DEALLOCATE kept")
		return err
	}
	var err error
	if reads {
		err = db.InReadTx(t.Context(), look)
	} else {
		err = db.InTx(t.Context(), func(tx *sql.Tx, _ time.Time) error { return errors.Join(look(tx), errDone) })
	}
	if err != nil && !errors.Is(err, errDone) || len(plans["custom"]) == 0 {
		t.Fatalf("explain %s: %v", s.query, err)
	}
	return plans
}

func plan(ctx context.Context, tx *sql.Tx, query string, args ...any) (string, error) {
	found, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return "", err
	}
	defer found.Close()
	var text string
	for found.Next() {
		var line string
		if err := found.Scan(&line); err != nil {
			return "", err
		}
		text += line + "\n"
	}
	return text, found.Err()
}
