package httpkit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// Payload is embedded in the input of an operation that has a body, for
// [JSONBody] to decode.
type Payload struct {
	body        io.Reader
	contentType string
}

// Resolve takes hold of the request's body. It is called before the handler.
func (p *Payload) Resolve(ctx huma.Context) []error {
	p.body, p.contentType = ctx.BodyReader(), ctx.Header("Content-Type")
	return nil
}

// JSONBody describes the body of an operation by its Go type, in op, and
// returns what decodes it: strictly, and once unless something is wrong. Its
// errors are problems: 400 for what is no JSON, 408, 413 and 415, and 422 for
// JSON that is not what op describes. Numbers and strings are not checked
// against the limits in the type's tags unless something else is wrong: they
// are the domain's to check. A name counts as it is written in the tags,
// capitals included, and once in an object.
func JSONBody[T any](api huma.API, op *huma.Operation) func(Payload) (T, error) {
	registry := api.OpenAPI().Components.Schemas
	schema := registry.Schema(reflect.TypeFor[T](), true, op.OperationID+"Body")
	op.RequestBody = &huma.RequestBody{
		Required: true,
		Content:  map[string]*huma.MediaType{"application/json": {Schema: schema}},
	}
	return func(p Payload) (T, error) {
		var v T
		raw, err := p.read()
		if err != nil {
			return v, err
		}
		if err := decodeStrict(raw, &v); err != nil {
			return v, explain(registry, schema, raw, err)
		}
		if bad := checkNames(registry, schema, raw); bad != nil {
			return v, Invalid(*bad)
		}
		return v, nil
	}
}

// OptionalJSONBody is [JSONBody] for an operation whose body may be left out: no
// body at all gives the zero value, as {} does.
func OptionalJSONBody[T any](api huma.API, op *huma.Operation) func(Payload) (T, error) {
	decode := JSONBody[T](api, op)
	op.RequestBody.Required = false
	return func(p Payload) (T, error) {
		var none T
		raw, err := p.readAll()
		if err != nil || len(bytes.TrimSpace(raw)) == 0 {
			return none, err
		}
		p.body = bytes.NewReader(raw)
		return decode(p)
	}
}

func (p Payload) read() ([]byte, error) {
	if kind, _, err := mime.ParseMediaType(p.contentType); p.contentType != "" && (err != nil || kind != "application/json") {
		return nil, standard(http.StatusUnsupportedMediaType, "send the body with Content-Type: application/json")
	}
	raw, err := p.readAll()
	switch {
	case err != nil:
		return nil, err
	case len(bytes.TrimSpace(raw)) == 0:
		return nil, Unreadable("the body is empty, it must be a JSON object")
	case !utf8.Valid(raw):
		return nil, Unreadable("the body is not valid UTF-8")
	}
	return raw, nil
}

func (p Payload) readAll() ([]byte, error) {
	raw, err := io.ReadAll(p.body)
	var tooLarge *http.MaxBytesError
	var network net.Error
	switch {
	case errors.As(err, &tooLarge):
		return nil, bodyTooLarge(tooLarge.Limit)
	case errors.As(err, &network) && network.Timeout():
		return nil, standard(http.StatusRequestTimeout, "the body did not arrive in time")
	case err != nil:
		return nil, Unreadable("the body could not be read to its end")
	}
	return raw, nil
}

func bodyTooLarge(limit int64) *Problem {
	return standard(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body must not have more than %d bytes", limit))
}

// decodeStrict refuses fields that v does not have, anything that follows the
// value, and null, which would be taken for a value without fields.
func decodeStrict(raw []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errTrailing
	}
	if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return errNull
	}
	return nil
}

var (
	errTrailing = errors.New("something follows the JSON value")
	errNull     = errors.New("must be an object")
)

// explain turns a decoder's error into a problem with all faults and their
// places. Only refused bodies are read this often.
func explain(registry huma.Registry, schema *huma.Schema, raw []byte, cause error) *Problem {
	var parsed any
	if err := json.Unmarshal(raw, &parsed); err != nil {
		if cause == errTrailing {
			err = cause
		}
		return Unreadable("the body is not JSON: " + err.Error())
	}
	path := huma.NewPathBuffer([]byte("body"), 4)
	var found huma.ValidateResult
	huma.Validate(registry, schema, path, huma.ModeWriteToServer, parsed, &found)
	var details []*huma.ErrorDetail
	for _, err := range found.Errors {
		var d huma.ErrorDetailer
		if errors.As(err, &d) {
			details = append(details, d.ErrorDetail())
		}
	}
	faults := faultsOf(details)
	if len(faults) == 0 { // the schema is content, the decoder is not: 1.0 for a whole number
		faults = []Fault{{Location: "body", Message: strings.TrimPrefix(cause.Error(), "json: ")}}
		var mistyped *json.UnmarshalTypeError
		if errors.As(cause, &mistyped) {
			faults[0] = Fault{Location: locate(raw, mistyped.Offset), Message: mismatch(mistyped)}
		}
	}
	return Invalid(faults...)
}

// mismatch says what a value must be that its field cannot hold although the
// schema takes it: for JSON Schema 1.0 is a whole number.
func mismatch(err *json.UnmarshalTypeError) string {
	number := strings.TrimPrefix(err.Value, "number ")
	switch {
	case err.Type.Kind() < reflect.Int || err.Type.Kind() > reflect.Uint64:
		return "must not be " + err.Value
	case strings.ContainsAny(number, ".eE"):
		return "must be a whole number, written without a point or an exponent, not " + number
	}
	return "must be a whole number that fits in 64 bits, not " + number
}

// locate returns the place in a JSON text of the value that ends at or after
// the offset, as body.items[0].quantity.
func locate(raw []byte, offset int64) string {
	type level struct {
		array bool
		index int
		name  string
		value bool // in an object: a name was read, its value comes
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	var path []level
	for {
		token, err := dec.Token()
		if err != nil {
			return "body"
		}
		top := len(path) - 1
		if d, ok := token.(json.Delim); ok && (d == '}' || d == ']') {
			path = path[:top]
			continue
		}
		if top >= 0 && !path[top].array && !path[top].value {
			path[top].name, path[top].value = token.(string), true
			continue
		}
		if top >= 0 && path[top].array {
			path[top].index++
		}
		if dec.InputOffset() >= offset {
			break
		}
		if top >= 0 {
			path[top].value = false
		}
		if d, ok := token.(json.Delim); ok {
			path = append(path, level{array: d == '[', index: -1})
		}
	}
	at := "body"
	for _, l := range path {
		if l.array {
			at += fmt.Sprintf("[%d]", l.index)
		} else {
			at += "." + l.name
		}
	}
	return at
}
