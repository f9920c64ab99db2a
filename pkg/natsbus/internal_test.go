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
		"tls://a:b@one,nats://c@two,three:4222": "tls://a:xxxxx@one,nats://xxxxx@two,three:4222",
	}
	for in, want := range tests {
		if got := maskURL(in); got != want {
			t.Errorf("maskURL(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestServerOptions(t *testing.T) {
	t.Parallel()
	opts, err := serverOptions(EmbeddedConfig{Dir: "d", SyncAlways: true, MaxStore: 5, Name: "n", Listen: "127.0.0.1:4"})
	if err != nil {
		t.Fatal(err)
	}
	if !opts.SyncAlways || opts.JetStreamMaxStore != 5 || opts.ServerName != "n" || opts.StoreDir != "d" || opts.Port != 4 || opts.Host != "127.0.0.1" {
		t.Errorf("options %+v do not follow the configuration", opts)
	}
}
