package storetest

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"orderly/pkg/sqldb"
)

// WantPlans explains the statements of a spy on the pools that the service has,
// those of a batch on the one that writes, and fails the test if one sorts or
// reads a table from end to end. Walks are the tables that may be.
func (d Database) WantPlans(t testing.TB, db *sqldb.DB, what string, statements []Statement, walks ...string) {
	t.Helper()
	seen := 0
	for _, s := range statements {
		if s.query == db.Dialect().Now {
			continue
		}
		seen++
		for _, fault := range d.faults(t, db, s, walks) {
			t.Errorf("%s: %s", what, fault)
		}
	}
	if seen == 0 {
		t.Errorf("%s: no statement was made", what)
	}
}

// faults returns what is wrong with the plans for a statement.
func (d Database) faults(t testing.TB, db *sqldb.DB, s Statement, walks []string) []string {
	t.Helper()
	explain, judge := explainPostgres, faultOnPostgres
	if d.kind == onSQLite {
		explain, judge = explainSQLite, faultOnSQLite
	}
	var faults []string
	for kind, plan := range explain(t, db, s) {
		if fault := judge(plan, walks); fault != "" {
			faults = append(faults, fmt.Sprintf("%s in the %s plan of\n%s\n%s", fault, kind, s.query, plan))
		}
	}
	return faults
}

var (
	scannedSQLite   = regexp.MustCompile(`(?m)^SCAN (\w+)( VIRTUAL TABLE.*| USING .*)?$`)
	scannedPostgres = regexp.MustCompile(`(?:Seq Scan on (\w+)|Index (?:Only )?Scan (?:Backward )?using \w+ on (\w+)[^\n]*\n\s+(Index Cond)?)`)
)

func faultOnSQLite(plan string, walks []string) string {
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

func faultOnPostgres(plan string, walks []string) string {
	for _, scan := range scannedPostgres.FindAllStringSubmatch(plan, -1) {
		if table := scan[1] + scan[2]; scan[3] == "" && !slices.Contains(walks, table) {
			return "a scan of " + table
		}
	}
	return ""
}

func explainSQLite(t testing.TB, db *sqldb.DB, s Statement) map[string]string {
	t.Helper()
	var plan string
	for _, row := range Rows(t, db, "EXPLAIN QUERY PLAN "+s.query, s.args...) {
		plan += strings.SplitN(row, " ", 4)[3] + "\n"
	}
	return map[string]string{"only": plan}
}

// explainPostgres returns the plan for these arguments, and the one that the
// server may keep for all.
func explainPostgres(t testing.TB, db *sqldb.DB, s Statement) map[string]string {
	t.Helper()
	reads := strings.HasPrefix(s.query, "SELECT") && !strings.Contains(s.query, "ANY(")
	plans := make(map[string]string)
	look := func(tx *sql.Tx) (err error) {
		if plans["custom"], err = plan(t.Context(), tx, "EXPLAIN "+s.query, s.args...); err != nil {
			return err
		}
		if reads { // the server keeps a plan for all only where it costs no more
			return nil
		}
		plans["kept"], err = keptPlan(t.Context(), tx, s)
		return err
	}
	var err error
	if reads {
		err = db.InReadTx(t.Context(), look)
	} else {
		err = db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			inner, err := tx.SQL(t.Context())
			if err != nil {
				return err
			}
			return cmp.Or(look(inner), errDone)
		})
	}
	if err != nil && !errors.Is(err, errDone) {
		t.Fatalf("explain %s: %v", s.query, err)
	}
	return plans
}

func keptPlan(ctx context.Context, tx *sql.Tx, s Statement) (string, error) {
	for _, each := range []string{"PREPARE kept AS " + s.query, "SET LOCAL plan_cache_mode = force_generic_plan"} {
		if _, err := tx.ExecContext(ctx, each); err != nil {
			return "", err
		}
	}
	nulls := strings.TrimSuffix(strings.Repeat("NULL, ", len(s.args)), ", ")
	kept, err := plan(ctx, tx, "EXPLAIN EXECUTE kept("+nulls+")")
	if err != nil {
		return "", err
	}
	_, err = tx.ExecContext(ctx, "DEALLOCATE kept")
	return kept, err
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
