package httpapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// checkNames fails the test if the accepted body has a name twice in an object
// or, except for metadata, one that the document does not have.
func checkNames(t *testing.T, body string) {
	t.Helper()
	known := map[string]bool{"metadata": true}
	for _, name := range strings.Fields("customer_id currency items payment_method expected_total product_id quantity") {
		known[name] = true
	}
	seen := make(map[string]bool)
	walk(json.NewDecoder(strings.NewReader(body)), "", func(path, name string) {
		if seen[path] || !known[name] && !strings.HasPrefix(path, ".metadata.") {
			t.Errorf("accepted %q with the name %q", body, path)
		}
		seen[path] = true
	})
}

// walk calls visit for each name in the next JSON value, which lies at path.
func walk(dec *json.Decoder, path string, visit func(path, name string)) {
	token, _ := dec.Token()
	open, nested := token.(json.Delim)
	if !nested {
		return
	}
	for i := 0; dec.More(); i++ {
		at := fmt.Sprintf("%s[%d]", path, i)
		if open == '{' {
			token, _ := dec.Token()
			name, _ := token.(string)
			at = path + "." + name
			visit(at, name)
		}
		walk(dec, at, visit)
	}
	_, _ = dec.Token()
}
