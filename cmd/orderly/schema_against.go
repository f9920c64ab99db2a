package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
)

// olderState finds the state of a folder that --against names: another folder,
// or the same one as a revision of git has it.
func olderState(ctx context.Context, dir, against string) (fs.FS, error) {
	if info, err := os.Stat(against); err == nil && info.IsDir() {
		return os.DirFS(against), nil
	}
	if strings.HasPrefix(against, "-") {
		return nil, usage("--against %s: neither a folder nor a revision of git", against)
	}
	commit, err := git(ctx, dir, "rev-parse", "--verify", against+"^{commit}")
	if err != nil {
		return nil, usage("--against %s: neither a folder nor a revision that git knows here: %w", against, err)
	}
	archive, err := git(ctx, dir, "archive", "--format=zip", strings.TrimSpace(string(commit)))
	if err != nil {
		return nil, usage("--against %s: git cannot show what %s was: %w", against, dir, err)
	}
	files, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, usage("--against %s: git cannot show what %s was: %w", against, dir, err)
	}
	return files, nil
}

// git runs git in a folder; of a folder that the revision lacks it archives
// nothing.
func git(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return nil, errors.New(strings.TrimSpace(string(exit.Stderr)))
	}
	return out, err
}
