package verify_test

import (
	"testing"

	"orderly/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }
