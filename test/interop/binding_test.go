package interop

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/binding/format"
	"github.com/cloudevents/sdk-go/v2/binding/spec"
	"github.com/nats-io/nats.go"
)

const prefix = "ce-"

// received is a NATS message for the SDK to read. Its NATS binding is a module
// of its own that decodes no header; this one decodes as the HTTP binding says.
type received struct{ msg *nats.Msg }

var (
	_ binding.Message               = received{}
	_ binding.MessageMetadataReader = received{}
)

func (r received) ReadEncoding() binding.Encoding {
	switch t := r.msg.Header.Get("content-type"); {
	case r.msg.Header.Get(prefix+"specversion") != "":
		return binding.EncodingBinary
	case t == format.JSONBatch.MediaType():
		return binding.EncodingBatch
	default:
		return binding.EncodingStructured
	}
}

func (r received) ReadStructured(ctx context.Context, to binding.StructuredWriter) error {
	if r.ReadEncoding() != binding.EncodingStructured {
		return binding.ErrNotStructured
	}
	return to.SetStructuredEvent(ctx, format.JSON, bytes.NewReader(r.msg.Data))
}

func (r received) version() spec.Version {
	return spec.WithPrefix(prefix).Version(r.msg.Header.Get(prefix + "specversion"))
}

func (r received) ReadBinary(_ context.Context, to binding.BinaryWriter) (err error) {
	for header := range r.msg.Header {
		name, ours := strings.CutPrefix(header, prefix)
		if !ours {
			continue
		}
		if attribute := r.version().Attribute(header); attribute != nil {
			err = to.SetAttribute(attribute, r.GetExtension(name))
		} else {
			err = to.SetExtension(name, r.GetExtension(name))
		}
		if err != nil {
			return err
		}
	}
	return to.SetData(bytes.NewReader(r.msg.Data))
}

func (r received) GetAttribute(kind spec.Kind) (spec.Attribute, any) {
	return r.version().AttributeFromKind(kind), r.GetExtension(kind.String())
}

// GetExtension returns a value as it was before it was encoded.
func (r received) GetExtension(name string) any {
	value, err := url.PathUnescape(r.msg.Header.Get(prefix + name))
	if err != nil || value == "" {
		return nil
	}
	return value
}

func (received) Finish(error) error { return nil }

// written is a NATS message that the SDK writes, in either mode.
type written struct {
	msg    *nats.Msg
	escape func(string) string // of the values of headers
}

var (
	_ binding.BinaryWriter     = (*written)(nil)
	_ binding.StructuredWriter = (*written)(nil)
)

func (w *written) SetStructuredEvent(_ context.Context, _ format.Format, event io.Reader) (err error) {
	w.msg.Data, err = io.ReadAll(event) // the SDK's own NATS binding sets no header either
	return err
}

func (w *written) Start(context.Context) error { return nil }
func (w *written) End(context.Context) error   { return nil }

func (w *written) SetData(data io.Reader) (err error) {
	w.msg.Data, err = io.ReadAll(data)
	return err
}

func (w *written) SetAttribute(attribute spec.Attribute, value any) error {
	return w.SetExtension(attribute.Name(), value)
}

func (w *written) SetExtension(name string, value any) error {
	if at, isTime := value.(interface{ Format(string) string }); isTime {
		value = at.Format(time.RFC3339Nano)
	}
	w.msg.Header.Set(prefix+name, w.escape(fmt.Sprint(value)))
	return nil
}
