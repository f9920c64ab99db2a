package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"orderly/internal/adoption"
	"orderly/internal/client"
	"orderly/internal/contract"
)

// schemaRetireCommand retires a version, if nobody needs it any more.
type schemaRetireCommand struct {
	contractFlags
	Version string   `arg:"" help:"The version, as orders.created.v1."`
	Except  []string `help:"Consumers that can do without it, or are gone for good." placeholder:"CONSUMER"`
	DryRun  bool     `help:"Only say whether it may be retired."`
}

// retirement is what is printed.
type retirement struct {
	Version string   `json:"version"`
	May     bool     `json:"may_be_retired"`
	Reasons []string `json:"reasons"`        // why not
	File    string   `json:"file,omitempty"` // the record that says so now
}

// Run runs the command.
func (c *schemaRetireCommand) Run(ctx context.Context, s *session) error {
	v, err := contract.ParseVersion(c.Version)
	if err != nil {
		return usageError{err}
	}
	if !slices.Contains(knownNames(), v.String()) {
		return usage("this build knows no %s", v)
	}
	record, err := c.record(v)
	if err != nil {
		return err
	}
	reasons, err := c.judge(ctx, s, v)
	if err != nil {
		return err
	}
	r := retirement{Version: v.String(), May: len(reasons) == 0, Reasons: orEmpty(reasons)}
	if r.May && !c.DryRun {
		r.File = filepath.Join(c.Dir, contract.RecordFile)
		if err := os.WriteFile(r.File, record, 0o644); err != nil {
			return err
		}
	}
	if err := s.out.print(r, r.text); err != nil {
		return err
	}
	if !r.May {
		return errRefused
	}
	return nil
}

// record is the folder's record with the version retired.
func (c *schemaRetireCommand) record(v contract.Version) ([]byte, error) {
	if c.DryRun {
		return nil, nil
	}
	folder, err := c.load()
	if err != nil {
		return nil, err
	}
	record, err := contract.Retire(folder, v)
	if err != nil {
		return nil, usageError{err}
	}
	return record.Encode()
}

// judge asks the running system.
func (c *schemaRetireCommand) judge(ctx context.Context, s *session, v contract.Version) ([]string, error) {
	api, err := s.client(shortPatience)
	if err != nil {
		return nil, err
	}
	defer api.Close()
	state, err := api.Versions(ctx, v.Name)
	if err != nil {
		return nil, err
	}
	oldest, err := oldestOpen(ctx, api)
	if err != nil {
		return nil, err
	}
	return adoption.Judge(state, v.Number, oldest, c.Except...), nil
}

// oldestOpen is the oldest order that is not closed, nil if all are.
func oldestOpen(ctx context.Context, api *client.Client) (*adoption.Open, error) {
	page, err := api.Stuck(ctx, 0, 1)
	if err != nil || len(page.Items) == 0 {
		return nil, err
	}
	o := page.Items[0]
	return &adoption.Open{OrderID: o.OrderID, CreatedAt: o.CreatedAt}, nil
}

func (r retirement) text(w io.Writer) {
	for _, reason := range r.Reasons {
		fmt.Fprintf(w, "%s stays\t%s\n", r.Version, reason)
	}
	switch {
	case r.File != "":
		fmt.Fprintf(w, "%s is retired\trun go generate ./..., and commit %s with what that changes: the next build neither says nor reads it\n", r.Version, r.File)
	case r.May:
		fmt.Fprintf(w, "%s may be retired\tnobody needs it\n", r.Version)
	}
}
