package otlp_test

import (
	"fmt"
	"os"

	"orderly/pkg/otlp"
)

// A program that is told nothing makes no spans; told by OTEL_EXPORTER_OTLP_ENDPOINT
// where a receiver is, it does.
func ExampleFromEnv() {
	_ = os.Unsetenv("OTEL_EXPORTER_OTLP_ENDPOINT")
	traces, err := otlp.FromEnv(nil)
	if err != nil {
		fmt.Println("refused:", err)
		return
	}
	defer func() { _ = traces.Close() }()
	provider := traces.Provider("shop", "v1.2.3") // for engine.Config and httpkit.HandlerConfig
	fmt.Println(provider == nil)
	// Output: true
}
