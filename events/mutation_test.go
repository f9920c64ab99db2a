package events_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"orderly/events"
)

// The verdict of Decode is the interpreter's on every golden payload with one or two places changed, and where the
// changed payload still fits the Go type, so is the verdict of Validate on what would be sent.
func TestEveryMutationGetsTheInterpretersVerdict(t *testing.T) {
	t.Parallel()
	for _, version := range events.Catalog() {
		judge := newJudge(t, version)
		goType := reflect.TypeOf(anyEvent(t, version))
		t.Run(version.Name, func(t *testing.T) {
			t.Parallel()
			accepted, refused := 0, 0
			for mutant := range mutants(t, golden(t, version)) {
				if compare(t, version, judge, mutant) {
					accepted++
				} else {
					refused++
				}
				compareSender(t, judge, goType, mutant)
			}
			if accepted < 10 || refused < 300 {
				t.Errorf("%d mutants were valid and %d not: too few of one kind to prove anything", accepted, refused)
			}
		})
	}
}

// compare returns the verdict that Decode and the interpreter agree on.
func compare(tb testing.TB, version events.Version, judge judge, payload []byte) bool {
	tb.Helper()
	want := judge.check(payload)
	event, err := version.Decode(payload)
	if (err == nil) != (want == nil) {
		tb.Errorf("Decode of %s says %v, the interpreter %v", short(payload), err, want)
	}
	if err != nil {
		return false
	}
	if err := event.Validate(); err != nil {
		tb.Errorf("Validate refuses what Decode returned from %s: %v", short(payload), err)
	}
	return true
}

// compareSender checks that Validate accepts a value if and only if the interpreter accepts its encoding.
func compareSender(tb testing.TB, judge judge, goType reflect.Type, payload []byte) {
	tb.Helper()
	value := reflect.New(goType)
	if json.Unmarshal(payload, value.Interface()) != nil {
		return // no Go value is like this
	}
	event := value.Elem().Interface().(events.Event)
	encoded, err := json.Marshal(event)
	if err != nil {
		tb.Fatalf("Marshal %+v: %v", event, err)
	}
	want := judge.check(encoded)
	if err := event.Validate(); (err == nil) != (want == nil) {
		tb.Errorf("Validate of %s says %v, the interpreter %v", short(encoded), err, want)
	}
}

func short(payload []byte) string {
	if len(payload) > 600 {
		return fmt.Sprintf("%s... (%d bytes)", payload[:600], len(payload))
	}
	return string(payload)
}

// mutants yields every golden payload with each of its places changed in each way, then some with two.
func mutants(tb testing.TB, payloads map[string]json.RawMessage) func(func([]byte) bool) {
	tb.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	return func(yield func([]byte) bool) {
		for _, name := range slices.Sorted(maps.Keys(payloads)) {
			var firsts []any
			for changed := range changes(parse(tb, payloads[name])) {
				firsts = append(firsts, changed)
				if !yield(encode(tb, changed)) {
					return
				}
			}
			for range 60 {
				seconds := slices.Collect(changes(firsts[random.IntN(len(firsts))]))
				if !yield(encode(tb, seconds[random.IntN(len(seconds))])) {
					return
				}
			}
		}
	}
}

// changes yields copies of a document in which one place, the root included, is another.
func changes(document any) func(func(any) bool) {
	return func(yield func(any) bool) {
		for _, replacement := range replacements(document) {
			if !yield(replacement) {
				return
			}
		}
		switch node := document.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(node)) {
				for value := range changes(node[key]) {
					changed := maps.Clone(node)
					changed[key] = value
					if !yield(changed) {
						return
					}
				}
			}
		case []any:
			for i := range min(len(node), 3) {
				for value := range changes(node[i]) {
					changed := slices.Clone(node)
					changed[i] = value
					if !yield(changed) {
						return
					}
				}
			}
		}
	}
}

func replacements(old any) []any {
	all := slices.Concat(texts(junk), texts(numbers), texts(lengths()))
	switch node := old.(type) {
	case map[string]any:
		all = append(all, objects(node)...)
	case []any:
		for _, n := range []int{0, 1, 2, 999, 1000, 1001} {
			all = append(all, slices.Concat(slices.Repeat(node, n/len(node)), node[:n%len(node)]))
		}
	case json.Number:
		all = append(all, json.RawMessage(node+".0"), json.RawMessage(node+".00E-0"), json.RawMessage(node+"e0"),
			json.RawMessage(`"`+node+`"`), json.RawMessage("-"+node))
	case string:
		all = append(all, strings.ToUpper(node), strings.ToLower(node), node+"\n", " "+node, node+node, []any{node})
	}
	return all
}

// objects changes the members of an object: one left out, doubled, renamed, or more than there should be.
func objects(node map[string]any) []any {
	var all []any
	for _, key := range slices.Sorted(maps.Keys(node)) {
		without := maps.Clone(node)
		delete(without, key)
		all = append(all, without)
		value, _ := json.Marshal(node[key])
		rest, _ := json.Marshal(without)
		inner := strings.TrimSuffix(strings.TrimPrefix(string(rest), "{"), "}")
		escaped := fmt.Sprintf(`\u%04x%s`, key[0], key[1:])
		for _, form := range []string{
			`{%[2]q: 0, %[2]q: %[3]s, %[1]s}`, `{%[2]q: %[3]s, %[2]q: 0, %[1]s}`, `{%[2]q: null, %[1]s, %[2]q: %[3]s}`,
			`{"%[4]s": %[3]s, %[1]s}`, `{%[2]q: [1], %[1]s, "%[4]s": %[3]s}`, `{%[5]q: %[3]s, %[1]s}`,
			"\n\t{ %[2]q\t:\r\n %[3]s\n, %[1]s } \r\n", `{"x": {"%[2]s": [{}, "}]\"\\"]}, %[1]s, %[2]q: %[3]s, "y": "\\"}`,
		} {
			text := fmt.Sprintf(form, inner, key, value, escaped, strings.ToUpper(key))
			text = strings.NewReplacer(", ,", ",", ", }", "}").Replace(text)
			if json.Valid([]byte(text)) {
				all = append(all, json.RawMessage(text))
			}
		}
	}
	for _, n := range []int{1, 15, 16, 17} {
		more, others := maps.Clone(node), map[string]any{}
		for i := range n {
			more[fmt.Sprintf("extra %d", i)] = "value"
			others[fmt.Sprintf("other %d", i)] = "value"
		}
		all = append(all, more, others)
	}
	return all
}

func texts(list []string) []any {
	var all []any
	for _, text := range list {
		all = append(all, json.RawMessage(text))
	}
	return all
}

var junk = []string{
	`null`, `true`, `false`, `{}`, `[]`, `[{}]`, `[[]]`, `{"a": "b"}`, `{"a": 1}`, `{"a": 1, "a": "b"}`, `""`, `"x"`,
	`"null"`, `"GBP"`, `"gbp"`, `"GB"`, `"GBPX"`, `"G\u0042P"`, `"\u00c9UR"`, `"a.b"`, `"*"`, `">"`, `"a b"`, `"a/b"`,
	`"\u0000"`, `"a\u0000"`, `"_-Z9"`, `"a@b"`, `"a[b"`, `"a{b"`, `"a` + "`" + `b"`, `"a:b"`, `"@"`, `"/"`, `"^"`,
	`"out_of_stock"`, `"OUT_OF_STOCK"`, `"unknown_product"`, `"price_changed"`, `"currency_mismatch"`,
	`"total_too_large"`, `"payment_declined"`, `"customer"`, `"timed_out"`, `"\u0063ustomer"`, `"other"`,
	`"00000000-0000-0000-0000-000000000000"`, `"FFFFFFFF-ffff-FFFF-ffff-FFFFFFFFFFFF"`,
	`"00000000000000000000000000000000"`, `"{00000000-0000-0000-0000-000000000000}"`,
	`"urn:uuid:00000000-0000-0000-0000-000000000000"`, `"0000000-00000-0000-0000-000000000000"`,
	`"g0000000-0000-0000-0000-000000000000"`, `"00000000-0000-0000-0000-00000000000"`,
	`"00000000-0000-0000-0000-0000000000000"`, `"00000000_0000_0000_0000_000000000000"`,
	`nul`, `'a'`, `"a`, `"\x"`, "\"\n\"", `[`, `{`, `{"a"}`, `{"a": 1,}`, `[1,]`, `1 2`,
	``, ` `, `}`, `01`, `+1`, `1.`, `.5`, `1e`, `0x10`, `1_000`, `NaN`, `Infinity`,
	`"\ud83d\ude00"`, `"\ud800"`, "\"\xff\xfe\"", `"é"`, `"e\u0301"`,
}

var numbers = []string{
	`0`, `-0`, `0.0`, `-0.0e1`, `0e99`, `0e-99`, `1`, `-1`, `1.0`, `1.00e0`, `1e2`, `1E+2`, `1e-2`, `100e-2`, `1.5`,
	`-1.0`, `-1e2`, `15e-1`, `1.5e1`, `0.1e1`, `0.5`, `1000000e-6`, `1e18`, `1e19`, `1e400`, `-1e400`, `1e-400`, `0e400`,
	`2147483646`, `2147483647`, `2147483648`, `2.147483647e9`, `2.147483648e9`, `21474836470e-1`, `4294967297`,
	`9007199254740990`, `9007199254740991`, `9007199254740992`, `9007199254740991.0`, `9007199254740991.5`,
	`9.007199254740991e15`, `9223372036854775807`, `9223372036854775808`, `-9223372036854775808`,
	`-9223372036854775809`, `18446744073709551616`, `18446744073709551617`, `123456789012345678901234567890`,
	`1e99999999999999999999`, `0e99999999999999999999`, `1e-99999999999999999999`,
	`1` + strings.Repeat("0", 60) + `e-60`, `0.` + strings.Repeat("0", 60) + `1e61`,
}

// lengths are strings around each length that a schema speaks of.
func lengths() []string {
	var all []string
	for _, n := range []int{2, 3, 4, 36, 63, 64, 65, 127, 128, 129, 499, 500, 501} {
		for _, unit := range []string{"a", "A", "é", "_", `\u0041`, `\ud83d\ude00`, `\ud800`, "\xff"} {
			all = append(all, `"`+strings.Repeat(unit, n)+`"`)
		}
	}
	return all
}

// encode writes a document as it is: json.Marshal would tidy the raw parts up.
func encode(tb testing.TB, document any) []byte {
	tb.Helper()
	switch node := document.(type) {
	case json.RawMessage:
		return node
	case map[string]any:
		var parts [][]byte
		for _, key := range slices.Sorted(maps.Keys(node)) {
			parts = append(parts, slices.Concat(encode(tb, key), []byte(":"), encode(tb, node[key])))
		}
		return slices.Concat([]byte("{"), bytes.Join(parts, []byte(",")), []byte("}"))
	case []any:
		var parts [][]byte
		for _, element := range node {
			parts = append(parts, encode(tb, element))
		}
		return slices.Concat([]byte("["), bytes.Join(parts, []byte(", ")), []byte("]"))
	default:
		payload, err := json.Marshal(document)
		if err != nil {
			tb.Fatalf("encode mutant %v: %v", document, err)
		}
		return payload
	}
}
