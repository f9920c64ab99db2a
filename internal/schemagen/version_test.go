package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// disputedV2 is what a team may want of an event one day: an object that must be there, one that need not, each with
// a member that need not.
const disputedV2 = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "urn:orderly:schema:payments.disputed:v2",
  "title": "Payment disputed", "description": "The customer wants the money back.", "type": "object",
  "properties": {
    "order_id": {"title": "Order id", "description": "The order.", "type": "string", "format": "uuid"},
    "decline": {
      "title": "Decline", "description": "What the gateway said.", "type": "object",
      "properties": {
        "code": {"title": "Code", "description": "In its words.", "type": "string", "pattern": "^[a-z0-9_]{1,64}$"},
        "retry_after_s": {"title": "Wait", "description": "In seconds.", "type": "integer", "minimum": 0, "maximum": 86400}
      },
      "required": ["code"]
    },
    "card": {
      "title": "Card", "description": "The card, if it was one.", "type": "object",
      "properties": {
        "country": {"title": "Country", "description": "Who issued it.", "type": "string", "pattern": "^[A-Z]{2}$"},
        "limits": {
          "title": "Limits", "description": "What it was good for.", "type": "array", "minItems": 1, "maxItems": 3,
          "items": {
            "title": "Limit", "description": "One of them.", "type": "object",
            "properties": {"amount_minor": {"title": "Amount", "description": "In minor units.", "type": "integer", "minimum": 0, "maximum": 9007199254740991}},
            "required": ["amount_minor"]
          }
        }
      },
      "required": ["limits"]
    }
  },
  "required": ["order_id", "decline"]
}
`

// disputedV1 is what it may have been before.
const disputedV1 = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "urn:orderly:schema:payments.disputed:v1",
  "title": "Payment disputed", "description": "The customer wants the money back.", "type": "object",
  "properties": {
    "order_id": {"title": "Order id", "description": "The order.", "type": "string", "format": "uuid"},
    "code": {"title": "Code", "description": "In its words.", "type": "string", "pattern": "^[a-z0-9_]{1,64}$"}
  },
  "required": ["order_id", "code"]
}
`

const disputedV1Payloads = `{
  "minimal": {"order_id": "01934d2c-7a5e-7c3f-9b1a-2f6e8d4c0a17", "code": "x"},
  "full": {"order_id": "01934d2c-7a5e-7c3f-9b1a-2f6e8d4c0a17", "code": "lost"}
}
`

const disputedV2Payloads = `{
  "minimal": {"order_id": "01934d2c-7a5e-7c3f-9b1a-2f6e8d4c0a17", "decline": {"code": "lost"}},
  "full": {"order_id": "01934d2c-7a5e-7c3f-9b1a-2f6e8d4c0a17", "decline": {"code": "lost", "retry_after_s": 0},
    "card": {"country": "GB", "limits": [{"amount_minor": 0}, {"amount_minor": 9007199254740991}]}},
  "foreign": {"order_id": "01934d2c-7a5e-7c3f-9b1a-2f6e8d4c0a17", "decline": {"code": "lost"}, "card": {"limits": [{"amount_minor": 1}]}}
}
`

const disputedConversions = `package events

func UpgradePaymentDisputed(v PaymentDisputed) PaymentDisputedV2 {
	return PaymentDisputedV2{OrderID: v.OrderID, Decline: DeclineV2{Code: v.Code}}
}

func DowngradePaymentDisputedV2(v PaymentDisputedV2) PaymentDisputed {
	return PaymentDisputed{OrderID: v.OrderID, Code: v.Decline.Code}
}
`

// G7: whoever adds a version gets Go types, checks and a decoder that keep to every word of its schema: the contract's
// own tests, which ask a schema interpreter, pass on a copy of the package with a version that has all the generator
// knows of objects in objects.
func TestG7_a_second_version_keeps_to_its_schema(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	folder := filepath.Join(root, "events")
	if err := os.CopyFS(folder, os.DirFS(contractFolder)); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"events/schemas/payments.disputed.v1.json":  disputedV1,
		"events/testdata/payments.disputed.v1.json": disputedV1Payloads,
		"events/schemas/payments.disputed.v2.json":  disputedV2,
		"events/testdata/payments.disputed.v2.json": disputedV2Payloads,
		"go.mod": read(t, os.DirFS("../.."), "go.mod"),
		"go.sum": read(t, os.DirFS("../.."), "go.sum"),
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tables := filepath.Join(root, "events.md")
	if err := os.WriteFile(tables, []byte(read(t, os.DirFS("../../docs"), "events.md")), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(folder, tables); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(read(t, os.DirFS(root), "events.md"), "| `card.limits[].amount_minor` | integer from 0 to") {
		t.Error("the page does not describe the new version")
	}
	for _, want := range []string{"type PaymentDisputedV2 struct", "Decline DeclineV2 `json", "Card *CardV2 `json", "type LimitV2 struct"} {
		if !strings.Contains(read(t, os.DirFS(folder), "payments_gen.go"), want) {
			t.Errorf("the generated code has no %s", want)
		}
	}
	if out, err := goCommand(t, root, "build"); err == nil || !strings.Contains(out, "undefined: UpgradePaymentDisputed") {
		t.Errorf("it builds without conversions: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(folder, "disputed_convert.go"), []byte(disputedConversions), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := goCommand(t, root, "test", "-count=1"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// goCommand runs the go command on the copy.
func goCommand(t *testing.T, root, verb string, flags ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append(append([]string{verb, "-mod=mod"}, flags...), "./events")...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOPROXY=off")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func read(t *testing.T, folder fs.FS, name string) string {
	t.Helper()
	content, err := fs.ReadFile(folder, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// Any text at all in the place of a schema: refused, or Go comes out.
func FuzzGenerate(f *testing.F) {
	f.Add(document("a.b", 1, "Thing", ""))
	f.Add(document("a.b", 1, "Thing", nested(3)))
	f.Add(document("a.b", 1, "", `, "x_y": {"title": "\n*/", "description": "\r\n}", "type": "string", "pattern": "^[a-z]{1,3}$"}`))
	f.Fuzz(func(t *testing.T, text string) {
		contracts, err := loadText("a.b.v1.json", text)
		if err != nil {
			return
		}
		_, _ = generate(contracts) // it must not panic; what does not format is an error
	})
}
