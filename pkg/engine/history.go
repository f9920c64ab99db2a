package engine

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Attempt is one attempt that failed.
type Attempt struct {
	At    time.Time `json:"at"`
	Error string    `json:"error"`
}

// history is attempts as a text column keeps them, in JSON.
type history []Attempt

const (
	// maxHistory is how many attempts are kept: the first, and the latest.
	maxHistory = 10
	// maxCause is how many bytes of each error.
	maxCause = 500
)

// with returns the history with one more attempt. The receiver stays as it is.
func (h history) with(at time.Time, cause string) history {
	if len(cause) > maxCause {
		cause = strings.ToValidUTF8(cause[:maxCause], "") + "…"
	}
	out := append(make(history, 0, len(h)+1), h...)
	if len(out) == maxHistory {
		out = append(out[:1], out[2:]...)
	}
	return append(out, Attempt{At: at, Error: cause})
}

func (h history) text() string {
	if len(h) == 0 {
		return "[]"
	}
	text, _ := json.Marshal(h) // times of a database and strings always marshal
	return string(text)
}

// Scan reads what text wrote.
func (h *history) Scan(src any) error {
	var text []byte
	switch v := src.(type) {
	case string:
		text = []byte(v)
	case []byte:
		text = v
	default:
		return fmt.Errorf("scan a history of attempts: the column holds %T", src)
	}
	*h = nil
	return json.Unmarshal(text, (*[]Attempt)(h))
}
