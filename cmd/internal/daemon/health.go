package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"orderly/pkg/httpkit"
)

const healthTimeout = 5 * time.Second

// ErrUnhealthy is of a program that answers, and is not well.
var ErrUnhealthy = errors.New("not well")

// CheckHealth asks a program at a base URL how it is: live, or ready for requests.
// The error says which checks are not passed.
func CheckHealth(ctx context.Context, base string, live bool) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	url := strings.TrimSuffix(base, "/") + "/readyz"
	if live {
		url = strings.TrimSuffix(base, "/") + "/livez"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }() // it was read as far as it matters
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	var report httpkit.Report
	if err := json.NewDecoder(answer.Body).Decode(&report); err != nil || len(report.Checks) == 0 {
		return fmt.Errorf("%w: %s answers %s", ErrUnhealthy, url, answer.Status)
	}
	return fmt.Errorf("%w: %s", ErrUnhealthy, strings.Join(report.Failing(), "; "))
}

// ErrNoPort is of an address whose port is chosen at the start.
var ErrNoPort = errors.New("the port is chosen at the start: say which one it is")

// LocalURL is how a program on this machine is reached that listens at addr,
// host:port.
func LocalURL(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	switch {
	case err != nil:
		return "", err
	case port == "0":
		return "", ErrNoPort
	case slices.Contains([]string{"", "0.0.0.0"}, host):
		host = "127.0.0.1"
	case host == "::":
		host = "::1"
	}
	return "http://" + net.JoinHostPort(host, port), nil
}
