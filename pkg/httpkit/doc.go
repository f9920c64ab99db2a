// Package httpkit is what every HTTP API of this module shares: one form of
// refusal, limits on what a client may send, and the ends of a server's life.
//
//	mux := http.NewServeMux()
//	api := httpkit.NewAPI(mux, "Greetings", "1.0.0")  // operations and their OpenAPI document
//	httpkit.Register(api, op, translate, handler)     // one operation
//	health.Register(mux)                              // /health, /readyz, /livez
//	server := httpkit.NewServer(httpkit.ServerConfig{
//		Addr:    "127.0.0.1:8080",
//		Handler: httpkit.NewHandler(mux, httpkit.HandlerConfig{}),
//	})
//
// Whatever goes wrong, the client reads a [Problem] (RFC 9457): a stable type to
// branch on, a sentence for a person, and each bad field with its place. An
// error that nobody translated is logged and answered without its text.
//
// [NewHandler] bounds bodies, recovers panics, and gives each request a
// correlation id. [NewServer] bounds the time that a client may take.
// [JSONBody] decodes strictly, once.
//
// The package adds no authentication and no TLS: both belong in front of it.
package httpkit
