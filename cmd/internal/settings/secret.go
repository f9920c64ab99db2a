package settings

// Secret reads one secret as Parse does, for a program with flags of another
// kind: told is what its flag says, or empty. Nothing told is no error.
func Secret(told, env string, environ []string) (string, error) {
	s := Setting{Env: env, Secret: func(text string) string { return text }}
	g, err := s.find(raw{text: told, given: told != ""}, variables(environ))
	return g.Text, err
}
