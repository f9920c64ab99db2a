package natsembed

import "testing"

func TestServerOptions(t *testing.T) {
	t.Parallel()
	opts, err := serverOptions(Config{Dir: "d", SyncAlways: true, MaxStore: 5, Name: "n", Listen: "127.0.0.1:4"})
	if err != nil {
		t.Fatal(err)
	}
	if !opts.SyncAlways || opts.JetStreamMaxStore != 5 || opts.ServerName != "n" || opts.StoreDir != "d" || opts.Port != 4 || opts.Host != "127.0.0.1" {
		t.Errorf("options %+v do not follow the configuration", opts)
	}
}
