package httpkit

import (
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// wordings are this package's words for what huma says of a value that is not
// as its schema wants it. Huma's words begin with begins; %s stands for the rest
// of them. The first that fits is taken.
var wordings = [...]struct{ begins, house string }{
	{"unexpected property", "is not a name here"},
	{"unknown query parameter", "is not a parameter here"},
	{"expected string to be RFC 4122 uuid", "must be a UUID, as 01990000-0000-7000-8000-000000000000"},
	{"expected string to be RFC 3339 date-time", "must be a time, as 2026-01-31T12:00:00Z"},
	{"expected string to match pattern ", "must match the pattern %s"},
	{"expected string to be ", "must be %s"},
	{"expected string", "must be a string"},
	{"expected boolean", "must be true or false"},
	{"expected number >= ", "must be at least %s"},
	{"expected number <= ", "must be at most %s"},
	{"expected number", "must be a number"},
	{"expected integer", "must be a whole number"},
	{"invalid integer", "must be a whole number"},
	{"expected length >= ", "must have at least %s characters"},
	{"expected length <= ", "must have at most %s characters"},
	{"expected array length >= ", "must have at least %s items"},
	{"expected array length <= ", "must have at most %s items"},
	{"expected array", "must be an array"},
	{"expected object with at most ", "must have at most %s"},
	{"expected object", "must be an object"},
	{"expected value to be one of ", "must be one of %s"},
	{"expected required property ", "lacks %s"},
}

// faultsOf puts huma's findings in this package's words.
func faultsOf(details []*huma.ErrorDetail) []Fault {
	faults := make([]Fault, len(details))
	for i, d := range details {
		faults[i] = Fault{Location: d.Location, Message: reword(d.Message)}
	}
	return faults
}

func reword(message string) string {
	for _, w := range wordings {
		rest, ok := strings.CutPrefix(message, w.begins)
		if !ok {
			continue
		}
		rest = strings.ReplaceAll(strings.TrimSuffix(rest, " to be present"), `"`, "")
		// Huma has numbers as floating-point ones, 2.147483647e+09.
		if n, err := strconv.ParseFloat(rest, 64); err == nil {
			rest = strconv.FormatFloat(n, 'f', -1, 64)
		}
		return strings.Replace(w.house, "%s", rest, 1)
	}
	return message
}
