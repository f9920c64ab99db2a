package settings

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Func is a Value that is one function.
type Func func(text string) error

// Set calls the function.
func (f Func) Set(text string) error { return f(text) }

// Text is any text in which the checks find nothing wrong.
func Text(to *string, checks ...func(text string) error) Value {
	return Func(func(text string) error {
		for _, check := range checks {
			if err := check(text); err != nil {
				return err
			}
		}
		*to = text
		return nil
	})
}

// Choice is one of a few words.
func Choice(to *string, words ...string) Value {
	return Func(func(text string) error {
		if !slices.Contains(words, text) {
			return fmt.Errorf("%q is not known: use %s", text, strings.Join(words, " or "))
		}
		*to = text
		return nil
	})
}

// Number is a whole number of the given range.
func Number(to *int, least, most int) Value {
	return Func(func(text string) error {
		n, err := strconv.Atoi(text)
		if err != nil || n < least || n > most {
			return fmt.Errorf("%q is not a number from %d to %d", text, least, most)
		}
		*to = n
		return nil
	})
}

// Duration is a time to wait of the given range.
func Duration(to *time.Duration, least, most time.Duration) Value {
	return Func(func(text string) error {
		d, err := time.ParseDuration(text)
		if err != nil || d < least || d > most {
			return fmt.Errorf("%q is not a time from %s to %s, as 30s or 5m", text, short(least), short(most))
		}
		*to = d
		return nil
	})
}

// short writes 15m0s as 15m.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// Address is a host and a port to listen at.
func Address(to *string) Value {
	return Func(func(text string) error {
		_, port, err := net.SplitHostPort(text)
		if err != nil {
			return fmt.Errorf("%q is not an address as 127.0.0.1:8080", text)
		}
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return fmt.Errorf("port %q is not a number from 0 to 65535", port)
		}
		*to = text
		return nil
	})
}

// Loopback is an address to listen at that only this machine reaches.
func Loopback(to *string) Value {
	return Func(func(text string) error {
		if err := Address(new(string)).Set(text); err != nil {
			return err
		}
		if err := CheckLoopback(text); err != nil {
			return err
		}
		*to = text
		return nil
	})
}

// CheckLoopback refuses an address, host:port, that others than this machine may
// reach.
func CheckLoopback(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("%q may be reached from other machines, and shows the inside of the process: use 127.0.0.1:%s", addr, port)
}

// NewFile is the path of a file to write, whose folder is there.
func NewFile(to *string) Value {
	return Func(func(text string) error {
		if info, err := os.Stat(filepath.Dir(text)); err != nil || !info.IsDir() {
			return fmt.Errorf("%q: its folder is not there", text)
		}
		*to = text
		return nil
	})
}

// File is the path of a file that can be read.
func File(to *string) Value {
	return Func(func(text string) error {
		f, err := os.Open(text)
		if err != nil {
			return err
		}
		*to = text
		return f.Close()
	})
}
