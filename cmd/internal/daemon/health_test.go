package daemon

import (
	"errors"
	"testing"
)

func TestLocalURL_reaches_what_listens_everywhere(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080", ":8080": "http://127.0.0.1:8080", "0.0.0.0:80": "http://127.0.0.1:80",
		"[::]:80": "http://[::1]:80", "10.1.2.3:80": "http://10.1.2.3:80",
	} {
		if got, err := LocalURL(addr); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", addr, got, err, want)
		}
	}
	if _, err := LocalURL("127.0.0.1:0"); !errors.Is(err, ErrNoPort) {
		t.Errorf("port 0: %v", err)
	}
}
