package httpkit

import (
	"encoding/base64"
	"strings"
)

// cursorVersion begins every cursor: a cursor of another form is refused, not
// misread.
const cursorVersion = "\x02"

// Cursor makes an opaque text of the key of a page's last item. kind says what
// the items are, as "order": a cursor is good for lists of its kind only. It has
// no control characters.
func Cursor(kind, key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(cursorVersion + kind + "\n" + key))
}

// ParseCursor returns the key in a cursor of that kind; an empty cursor has
// none. Anything else than what [Cursor] made for the kind is an [Invalid]
// problem.
func ParseCursor(kind, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	key, ok := strings.CutPrefix(string(raw), cursorVersion+kind+"\n")
	if err != nil || !ok || key == "" {
		return "", BadCursor()
	}
	return key, nil
}

// BadCursor is the problem (422) of a cursor whose key its list cannot have.
func BadCursor() *Problem {
	return Invalid(Fault{Location: "query.cursor", Message: "not a cursor: take the one in next of the page before, or leave it out"})
}
