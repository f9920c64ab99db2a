package daemon

import (
	"context"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"

	"orderly/cmd/internal/settings"
	"orderly/pkg/httpkit"
)

// debugWrite is how long a profile may take.
const debugWrite = 10 * time.Minute

// Debug is a door for whoever may look into the process, on the machine's own
// address alone: profiles under /debug/pprof/, and the level of the log at
// /log/level, which GET shows and PUT changes ({"level":"debug"}).
type Debug struct{ server *httpkit.Server }

// startDebug opens the door. With an empty address there is none, and the nil that
// is returned may be stopped like any other.
func startDebug(addr string, log *Log) (*Debug, error) {
	if addr == "" {
		return nil, nil
	}
	door, err := httpkit.Listen(addr, "--debug-addr")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	profiles(mux)
	mux.Handle("/log/level", log.Level)
	d := &Debug{server: httpkit.NewServer(httpkit.ServerConfig{
		Listener: door, Handler: own(http.NewCrossOriginProtection().Handler(mux)), Logger: log.Logger, WriteTimeout: debugWrite,
	})}
	if err := d.server.Start(); err != nil {
		return nil, err
	}
	log.Info("profiles and the log's level are at the debug address", zap.String("url", "http://"+d.server.Addr()))
	return d, nil
}

func (d *Debug) stop(ctx context.Context) error {
	if d == nil {
		return nil
	}
	return d.server.Shutdown(ctx)
}

// own refuses whoever calls this machine by another name: a page in a browser
// whose name points here.
func own(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(host, "80")
		}
		if settings.CheckLoopback(host) != nil {
			http.Error(w, "call this address by its number", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
