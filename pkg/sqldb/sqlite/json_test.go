package sqlite

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzAppendText(f *testing.F) {
	for _, seed := range []string{"", "plain", `"`, `\`, `\u0022`, "\x01\x1f\n", "é\u2028🎉", "\x7f</script>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
			t.Skip()
		}
		var got string
		if err := json.Unmarshal(appendText(nil, s), &got); err != nil || got != s {
			t.Errorf("got %q, %v; want %q", got, err, s)
		}
	})
}
