package event

// Alone returns e as a message of its own, in binary mode, on the given
// subject. Unlike [Registry.Pack] it takes any event, sealed or not, so that
// one that was refused can be kept as it came.
func Alone(e Event, subject string) Message {
	return Message{Subject: subject, Header: binaryHeader(&e), Data: e.Data}
}
