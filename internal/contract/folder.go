package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"orderly/pkg/schema"
)

// Folder is a state of the contract, as it lies in one folder.
type Folder struct {
	Entries map[Version]Entry
	Record  Record // nil if the folder has none
}

// RecordFile is the name of the record's file in its folder.
const RecordFile = "published.json"

const (
	schemas  = "schemas"
	payloads = "testdata"
	// maxPayloads bounds a file of golden payloads, and the record.
	maxPayloads = 16 << 20
)

// Load reads a folder. It does not judge the schemas: that is [Check].
func Load(folder fs.FS) (Folder, error) {
	files, err := fs.Glob(folder, schemas+"/*")
	if err != nil {
		return Folder{}, fmt.Errorf("list schemas: %w", err)
	}
	if len(files) == 0 {
		return Folder{}, errors.New("it holds no schemas/<domain>.<event>.v<n>.json")
	}
	f := Folder{Entries: make(map[Version]Entry, len(files))}
	for _, file := range files {
		v, err := ParseFile(path.Base(file))
		if err != nil {
			return Folder{}, fmt.Errorf("%s: %w", file, err)
		}
		if f.Entries[v], err = loadEntry(folder, v); err != nil {
			return Folder{}, err
		}
	}
	f.Record, err = loadRecord(folder)
	return f, err
}

func loadEntry(folder fs.FS, v Version) (e Entry, err error) {
	if e.Schema, err = read(folder, path.Join(schemas, v.File()), schema.MaxSize); err != nil {
		return e, err
	}
	file := path.Join(payloads, v.File())
	content, err := read(folder, file, maxPayloads)
	if errors.Is(err, fs.ErrNotExist) {
		return e, nil
	}
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal(content, &e.Payloads); err != nil {
		return e, fmt.Errorf("%s: golden payloads must be an object, each under its name: %w", file, err)
	}
	return e, nil
}

func loadRecord(folder fs.FS) (Record, error) {
	content, err := read(folder, RecordFile, maxPayloads)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r, err := parseRecord(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", RecordFile, err)
	}
	return r, nil
}

// read reads a file that must not be larger than most.
func read(folder fs.FS, name string, most int64) ([]byte, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	content, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if int64(len(content)) > most {
		return nil, fmt.Errorf("%s has more than the %d bytes that it may have", name, most)
	}
	return content, nil
}
