package fault_test

import (
	"os"
	"syscall"
	"testing"
)

func mountDisk(t *testing.T, dir string) error {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, tmpfsOptions()); err != nil {
		return err
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return nil
}

const tmpfsMagic = 0x01021994

func isDisk(dir string) bool {
	var s syscall.Statfs_t
	return syscall.Statfs(dir, &s) == nil && s.Type == tmpfsMagic && s.Blocks*uint64(s.Bsize) <= diskSize
}
