package verify

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"orderly/internal/audit"
)

// Source opens audit feeds. Implementations are safe for concurrent use.
type Source interface {
	// Open starts to read the feed of the given path, as audit.PathOrders. The
	// caller closes it.
	Open(ctx context.Context, path string) (io.ReadCloser, error)
}

// overHTTP asks the services.
type overHTTP struct {
	client *http.Client
	order  string // base URLs
	of     map[string]string
}

func newOverHTTP(o Options) (Source, error) {
	s := overHTTP{client: o.Client, order: o.URL, of: make(map[string]string)}
	if s.client == nil {
		s.client = &http.Client{}
	}
	s.of[audit.PathInventory] = o.InventoryURL
	s.of[audit.PathPayments], s.of[audit.PathCharges] = o.PaymentURL, o.PaymentURL
	for _, base := range []string{o.URL, o.InventoryURL, o.PaymentURL} {
		if u, err := url.Parse(base); err != nil || base != "" && u.Host == "" {
			return nil, fmt.Errorf("%q is not the URL of a system: give one as http://127.0.0.1:8080", base)
		}
	}
	if o.URL == "" {
		return nil, fmt.Errorf("no URL of the system to audit is given")
	}
	return s, nil
}

func (s overHTTP) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	base := s.of[path]
	if base == "" {
		base = s.order
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(base, "/")+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		if response.StatusCode == http.StatusNotFound { // another service
			return nil, fmt.Errorf("GET %s: the service answered %s: where services run apart, say where each is (--inventory-url, --payment-url)", request.URL, response.Status)
		}
		return nil, fmt.Errorf("GET %s: the service answered %s", request.URL, response.Status)
	}
	return response.Body, nil
}
