package breaker_test

import (
	"context"
	"errors"
	"fmt"

	"orderly/pkg/breaker"
)

func Example() {
	b, err := breaker.New(breaker.Config{Failures: 2})
	if err != nil {
		panic(err)
	}
	for range 2 {
		leave, err := b.Enter(context.Background())
		if err != nil {
			panic(err)
		}
		leave(errors.New("connection refused"))
	}
	fmt.Println(b.Status().State, "because of:", b.Status().Reason)
	// Output: open because of: connection refused
}
