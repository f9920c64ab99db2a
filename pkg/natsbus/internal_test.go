package natsbus

import "testing"

func TestMaskURL(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"":                                      "",
		"nats://127.0.0.1:4222":                 "nats://127.0.0.1:4222",
		"nats://user:pass@host:1":               "nats://user:xxxxx@host:1",
		"nats://token@host":                     "nats://xxxxx@host",
		"user:p@ss@host":                        "user:xxxxx@host",
		"nats://user:pa,ss@host":                "nats://user:xxxxx,xxxxx@host",
		"tls://a:b@one,nats://c@two,three:4222": "tls://a:xxxxx@one,nats://xxxxx@two,three:4222",
	}
	for in, want := range tests {
		if got := MaskURL(in); got != want {
			t.Errorf("MaskURL(%q) = %q, want %q", in, got, want)
		}
	}
}
