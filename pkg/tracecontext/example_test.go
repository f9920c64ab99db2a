package tracecontext_test

import (
	"fmt"

	"orderly/pkg/tracecontext"
)

// A span that another process began is the parent of what follows here.
func Example() {
	parent, ok := tracecontext.Parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	fmt.Println(ok, parent.TraceID(), parent.SpanID(), parent.IsSampled())
	fmt.Println(tracecontext.Format(parent))
	// Output:
	// true 0af7651916cd43dd8448eb211c80319c b7ad6b7169203331 true
	// 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
}
