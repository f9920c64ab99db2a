package postgres

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// notReached is what an UPDATE says that changed another number of rows than it
// was to change, behind that number.
const notReached = " rows were reached"

// reach makes an UPDATE fail unless it changes as many rows as parameter $n
// says: a text that is no number is cast to one. So its answer need not be
// looked at before the COMMIT is sent.
func reach(update string, n int) string {
	return fmt.Sprintf("WITH reached AS (%s RETURNING 1) SELECT CASE WHEN count(*) <> $%d THEN (count(*) || '%s')::int END FROM reached",
		update, n, notReached)
}

// unreached gives the answer of such an UPDATE in its own words, and any other
// as it is.
func unreached(answer *pgconn.PgError) error {
	_, text, _ := strings.Cut(answer.Message, `"`)
	text = strings.TrimSuffix(text, `"`)
	if answer.Code == "22P02" && strings.HasSuffix(text, notReached) {
		return errors.New(text)
	}
	return answer
}
