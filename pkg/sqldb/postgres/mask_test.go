package postgres_test

import (
	"testing"

	"orderly/pkg/sqldb/postgres"
)

func TestMaskDSN(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                   "",
		"postgres://h/d":                     "postgres://h/d",
		"postgres://u@h/d":                   "postgres://u@h/d",
		"postgres://u:p@h:1,i:2/d?sslmode=x": "postgres://u:xxxxx@h:1,i:2/d?sslmode=x",
		"postgres://u:p@h/d?password=p&sslpassword=p#x": "postgres://u:xxxxx@h/d?password=xxxxx&sslpassword=xxxxx#x",
		"postgres://u:p@p/p@h/d?a=b@c":                  "postgres://u:xxxxx@h/d?a=b@c",
		"postgres://u:p?p@h/d":                          "postgres://u:xxxxx@h/d",
		"host=h password=p dbname=d":                    "host=h password=xxxxx dbname=d",
		"password = 'p p\\'p' sslpassword=p\\ p host=h": "password = xxxxx sslpassword=xxxxx host=h",
		"p":                   "xxxxx",
		"postgres:/u:p@h?a=b": "xxxxx",
		"host=h password='p":  "host=h password=xxxxx",
	} {
		if got := postgres.MaskDSN(in); got != want {
			t.Errorf("MaskDSN(%q) = %q, want %q", in, got, want)
		}
	}
}
