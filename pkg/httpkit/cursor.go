package httpkit

import (
	"encoding/base64"
	"strings"
)

// cursorVersion begins every cursor: a cursor of another form is refused, not
// misread.
const cursorVersion = "\x01"

// Cursor makes an opaque text of the key of a page's last item.
func Cursor(key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(cursorVersion + key))
}

// ParseCursor returns the key in a cursor; an empty cursor has none. Anything
// else than what [Cursor] made is an [Invalid] problem.
func ParseCursor(cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	key, ok := strings.CutPrefix(string(raw), cursorVersion)
	if err != nil || !ok || key == "" {
		return "", badCursor()
	}
	return key, nil
}

func badCursor() *Problem {
	return Invalid(Fault{Location: "query.cursor", Message: "not a cursor: take the one in next of the page before, or leave it out"})
}
