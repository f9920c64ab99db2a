package app

import (
	"fmt"
	"slices"
	"strings"

	"orderly/events"
	"orderly/order"
	"orderly/pkg/natsbus"
)

// OperatorUser is who looks at the streams and consumers and makes them.
const OperatorUser = "operator"

// Permission is what one user of NATS may do, and no more.
type Permission struct {
	User string `json:"user"`
	// Publish are the subjects that the user may publish on, but for those in Refuse.
	Publish []string `json:"publish"`
	Refuse  []string `json:"refuse"`
	// Subscribe are the subjects that the user may subscribe to.
	Subscribe []string `json:"subscribe"`
	// Answers says that the user may answer whoever asked.
	Answers bool `json:"answers"`
}

// InboxPrefix is where a user's answers arrive. Nobody else may listen there.
func InboxPrefix(user string) string { return "_INBOX." + user }

// Permissions are the users that the system needs on NATS: one a service, and the
// operator. Their rights follow from what is declared: the versions that a service
// may say, the consumers by which it may hear, and what it asks of JetStream to keep
// an eye on them. They hold for all versions in use: moving to another needs no
// new rights.
func Permissions() []Permission {
	var users []Permission
	for _, s := range services() {
		users = append(users, servicePermission(s.name))
	}
	return append(users, operatorPermission())
}

func servicePermission(service string) Permission {
	p := Permission{
		User:      service,
		Publish:   slices.Concat(says(service), []string{"dlq." + service + ".>"}, AsksAt(), []string{api("INFO")}),
		Refuse:    []string{},
		Subscribe: append([]string{InboxPrefix(service) + ".>"}, AnswersAt(service)...),
		Answers:   true,
	}
	for _, s := range streams(1) { // whose number of copies is no matter of rights
		p.Publish = append(p.Publish, api("STREAM.INFO", s.Name), api("STREAM.CREATE", s.Name), api("STREAM.MSG.GET", s.Name))
	}
	var own, others []channel
	for _, h := range everything() {
		if h.service != service {
			others = append(others, h.channels...)
			continue
		}
		own = append(own, h.channels...)
		for _, c := range h.retired {
			p.Publish = append(p.Publish, api("CONSUMER.INFO", h.stream, c.durable), api("CONSUMER.DELETE", h.stream, c.durable))
		}
	}
	p.Publish = append(p.Publish, reading(own)...)
	if service == OrderService {
		p.looksAfter(others)
	}
	return p
}

// says are the subjects of the events that a service tells of.
func says(service string) []string {
	var subjects []string
	for _, v := range events.Catalog() {
		if !slices.Contains(speakers(v), service) {
			continue
		}
		for _, lane := range order.Lanes() {
			subjects = append(subjects, fmt.Sprintf("%s.v%d.%s", v.Name, v.Version, lane))
		}
	}
	return subjects
}

// reading is what consumers need of which a service makes, reads, acknowledges
// and, after a loss, replaces each.
func reading(own []channel) []string {
	var subjects []string
	for _, consumer := range consumers(Deps{}, own) {
		subjects = append(subjects,
			api("CONSUMER.INFO", consumer.Stream, consumer.Config.Durable),
			createConsumer(consumer),
			api("CONSUMER.DELETE", consumer.Stream, consumer.Config.Durable),
			api("CONSUMER.MSG.NEXT", consumer.Stream, consumer.Config.Durable),
			"$JS.ACK."+consumer.Stream+"."+consumer.Config.Durable+".>")
	}
	return subjects
}

// looksAfter lets the order service see how far the others are, and read the
// streams for an audit by consumers of the moment, whose names nobody knows
// before. Those of the others stay out of its reach.
func (p *Permission) looksAfter(others []channel) {
	for _, s := range auditedStreams() {
		p.Publish = append(p.Publish, api("CONSUMER.LIST", s.Name))
		for _, verb := range []string{"INFO", "CREATE", "DELETE", "MSG.NEXT"} {
			p.Publish = append(p.Publish, api("CONSUMER."+verb, s.Name, "*"))
		}
	}
	for _, c := range others {
		for _, verb := range []string{"CREATE", "DELETE", "MSG.NEXT"} {
			p.Refuse = append(p.Refuse, api("CONSUMER."+verb, c.stream, c.durable))
		}
	}
}

func operatorPermission() Permission {
	p := Permission{
		User:      OperatorUser,
		Publish:   append(AsksAt(), api("INFO")),
		Refuse:    []string{},
		Subscribe: []string{InboxPrefix(OperatorUser) + ".>"},
	}
	for _, s := range services() {
		for _, subject := range AnswersAt(s.name) {
			if !slices.Contains(p.Publish, subject) {
				p.Publish = append(p.Publish, subject)
			}
		}
	}
	for _, s := range streams(1) {
		for _, verb := range []string{"STREAM.INFO", "STREAM.CREATE", "STREAM.UPDATE", "CONSUMER.LIST"} {
			p.Publish = append(p.Publish, api(verb, s.Name))
		}
	}
	for _, h := range everything() {
		for _, c := range consumers(Deps{}, h.channels) {
			p.Publish = append(p.Publish, api("CONSUMER.INFO", c.Stream, c.Config.Durable), createConsumer(c))
		}
	}
	return p
}

// api is the subject of a request to JetStream.
func api(verb string, names ...string) string {
	return strings.Join(append([]string{"$JS.API", verb}, names...), ".")
}

// createConsumer holds the consumer to its filter if it has one, as the server
// compares both; several do not fit into a subject.
func createConsumer(c natsbus.Consumer) string {
	if c.Config.FilterSubject == "" {
		return api("CONSUMER.CREATE", c.Stream, c.Config.Durable)
	}
	return api("CONSUMER.CREATE", c.Stream, c.Config.Durable, c.Config.FilterSubject)
}
