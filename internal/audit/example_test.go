package audit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"time"

	"orderly/internal/audit"
)

// A service serves a feed, an auditor reads it to its end.
func Example() {
	open := audit.Feed{Path: audit.PathOpen, Read: func(_ context.Context, emit func(audit.Line) error) error {
		return errors.Join(
			emit(audit.Line{Head: &audit.Head{At: time.Unix(0, 0).UTC()}}),
			emit(audit.Line{Open: &audit.Open{OrderID: "0190a7c4-0000-7000-8000-000000000001"}}),
		)
	}}
	response := httptest.NewRecorder()
	audit.Handler(open, nil).ServeHTTP(response, httptest.NewRequest("GET", open.Path, nil))

	for feed := audit.NewReader(response.Body); ; {
		line, err := feed.Next()
		switch {
		case errors.Is(err, io.EOF):
			fmt.Println("complete")
			return
		case err != nil:
			fmt.Println("do not trust it:", err)
			return
		case line.Open != nil:
			fmt.Println("open:", line.Open.OrderID)
		}
	}
	// Output:
	// open: 0190a7c4-0000-7000-8000-000000000001
	// complete
}
