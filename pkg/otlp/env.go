package otlp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// env returns the variable of the traces or, if that is not set, the one of all
// signals.
func env(name string) (value, from string) {
	from = "OTEL_EXPORTER_OTLP_TRACES_" + name
	if value = os.Getenv(from); value == "" {
		from = "OTEL_EXPORTER_OTLP_" + name
		value = os.Getenv(from)
	}
	return strings.TrimSpace(value), from
}

// configured reports whether the environment asks for traces.
func configured() bool {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") || os.Getenv("OTEL_TRACES_EXPORTER") == "none" {
		return false
	}
	endpoint, _ := env("ENDPOINT")
	return endpoint != ""
}

func read() (c Config, err error) {
	if e := os.Getenv("OTEL_TRACES_EXPORTER"); e != "" && e != "otlp" {
		return c, fmt.Errorf("OTEL_TRACES_EXPORTER: %q is not known: use otlp or none", e)
	}
	if p, name := env("PROTOCOL"); p != "" && p != "http/protobuf" {
		return c, fmt.Errorf("%s: %q is not spoken: use http/protobuf", name, p)
	}
	err = errors.Join(c.readEndpoint(), c.readHeaders(), c.readTimeout(), c.readCompression(), c.readTLS(), c.readSampler(), checkAttributes())
	return c, err
}

// readEndpoint takes the URL of the traces as it is, and that of all signals as
// what /v1/traces is below.
func (c *Config) readEndpoint() error {
	text, name := env("ENDPOINT")
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("%s: must be a URL as http://127.0.0.1:4318", name) // it may hold a password
	}
	if name == "OTEL_EXPORTER_OTLP_ENDPOINT" {
		u = u.JoinPath("v1/traces")
	}
	c.Endpoint = u.String()
	return nil
}

func (c *Config) readHeaders() error {
	text, name := env("HEADERS")
	c.Headers = make(map[string]string)
	for part := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		key, value, found := strings.Cut(part, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if key = strings.TrimSpace(key); !found || key == "" || err != nil {
			return fmt.Errorf("%s: must be a list of key=value, separated by commas, percent-encoded", name) // it may be secret
		}
		c.Headers[key] = value
	}
	return nil
}

func (c *Config) readTimeout() error {
	text, name := env("TIMEOUT")
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		return fmt.Errorf("%s: %q is not a number of milliseconds above zero", name, text)
	}
	c.Timeout = time.Duration(n) * time.Millisecond
	return nil
}

func (c *Config) readCompression() error {
	switch text, name := env("COMPRESSION"); text {
	case "", "none":
	case "gzip":
		c.Gzip = true
	default:
		return fmt.Errorf("%s: %q is not known: use gzip or none", name, text)
	}
	return nil
}

func (c *Config) readTLS() error {
	authority, name := env("CERTIFICATE")
	cert, certName := env("CLIENT_CERTIFICATE")
	key, _ := env("CLIENT_KEY")
	if authority == "" && cert == "" && key == "" {
		return nil
	}
	c.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	if authority != "" {
		pem, err := os.ReadFile(authority)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		c.TLS.RootCAs = x509.NewCertPool()
		if !c.TLS.RootCAs.AppendCertsFromPEM(pem) {
			return fmt.Errorf("%s: %s holds no certificate", name, authority)
		}
	}
	if cert == "" && key == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("%s with its key: %w", certName, err)
	}
	c.TLS.Certificates = []tls.Certificate{pair}
	return nil
}

func checkAttributes() error {
	if _, err := resource.New(context.Background(), resource.WithFromEnv()); err != nil {
		return fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: must be a list of key=value, separated by commas, percent-encoded: %w", err)
	}
	return nil
}

func (c *Config) readSampler() error {
	ratio := func() (sdktrace.Sampler, error) {
		text := strings.TrimSpace(os.Getenv("OTEL_TRACES_SAMPLER_ARG"))
		if text == "" {
			return sdktrace.AlwaysSample(), nil
		}
		share, err := strconv.ParseFloat(text, 64)
		if err != nil || !(share >= 0 && share <= 1) {
			return nil, fmt.Errorf("OTEL_TRACES_SAMPLER_ARG: %q is not a share between 0 and 1", text)
		}
		return sdktrace.TraceIDRatioBased(share), nil
	}
	name := strings.TrimSpace(os.Getenv("OTEL_TRACES_SAMPLER"))
	root, ofParent := strings.CutPrefix(name, "parentbased_")
	var err error
	switch root {
	case "":
		c.Sampler, ofParent = sdktrace.AlwaysSample(), true
	case "always_on":
		c.Sampler = sdktrace.AlwaysSample()
	case "always_off":
		c.Sampler = sdktrace.NeverSample()
	case "traceidratio":
		c.Sampler, err = ratio()
	default:
		err = fmt.Errorf("OTEL_TRACES_SAMPLER: %q is not known: use always_on, always_off or traceidratio, or one of them after parentbased_", name)
	}
	if ofParent && err == nil {
		c.Sampler = sdktrace.ParentBased(c.Sampler)
	}
	return err
}
