package daemon

import "runtime/debug"

// Build says what a program was built from.
type Build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"` // of the source
	Modified bool   `json:"modified,omitempty"` // the source had changes besides
	Time     string `json:"time,omitempty"`     // of the revision
	Go       string `json:"go"`
}

// ReadBuild reads it from the program itself. A release, if not empty, is the
// version that the linker was told.
func ReadBuild(release string) Build {
	b := Build{Version: release}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b.named()
	}
	b.Go = info.GoVersion
	if b.Version == "" && info.Main.Version != "(devel)" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		case "vcs.time":
			b.Time = s.Value
		}
	}
	return b.named()
}

func (b Build) named() Build {
	if b.Version == "" {
		b.Version = "devel"
	}
	return b
}
