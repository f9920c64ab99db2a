package dlqapi

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"orderly/pkg/engine"
	"orderly/pkg/httpkit"
)

const cursorKind = "dead-letter"

type listInput struct {
	Service     string `path:"service" maxLength:"64" doc:"The service whose letters they are"`
	State       string `query:"state" enum:"dead,replaying,replayed,discarded,handled" default:"dead" doc:"Only letters that are this"`
	Kind        string `query:"kind" enum:"undecodable,refused,attempts_exhausted,panic,killed_process" doc:"Only letters of this cause"`
	Type        string `query:"type" maxLength:"200" doc:"Only letters of events of this type, or of this name in all its versions" example:"orders.created"`
	Key         string `query:"key" maxLength:"200" doc:"Only letters of events about this, as an order's id"`
	EventID     string `query:"event_id" maxLength:"200" doc:"Only letters of this event"`
	OlderThan   string `query:"older_than" example:"1h" doc:"Only letters that died longer ago"`
	YoungerThan string `query:"younger_than" example:"24h" doc:"Only letters that died less long ago"`
	Limit       int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"How many letters a page has at most"`
	Cursor      string `query:"cursor" maxLength:"255" doc:"next of the page before"`
}

type listOutput struct {
	Body letterPage
}

type letterPage struct {
	Items []Letter `json:"items" nullable:"false" doc:"The oldest first"`
	Next  string   `json:"next,omitempty" doc:"The cursor of the next page; absent on the last"`
}

func (s Services) registerList(api huma.API) {
	httpkit.Register(api, operation(huma.Operation{
		OperationID: "list-dead-letters",
		Method:      http.MethodGet,
		Path:        path,
		Summary:     "List the dead letters of a service",
	}), translate, s.list)
}

func (s Services) list(ctx context.Context, in *listInput) (*listOutput, error) {
	letters, err := s.of(in.Service)
	if err != nil {
		return nil, err
	}
	filter, err := in.filter()
	if err != nil {
		return nil, err
	}
	found, err := letters.List(ctx, filter)
	if err != nil {
		return nil, err
	}
	out := &listOutput{Body: letterPage{Items: make([]Letter, 0, len(found))}}
	if len(found) > in.Limit {
		found = found[:in.Limit]
		out.Body.Next = cursorOf(found[in.Limit-1].Place())
	}
	for i := range found {
		out.Body.Items = append(out.Body.Items, letterOf(&found[i]))
	}
	return out, nil
}

// filter asks for one letter more than the page has, to see whether there is a
// next one.
func (in *listInput) filter() (engine.LetterFilter, error) {
	f := engine.LetterFilter{
		State: engine.LetterState(in.State), Kind: in.Kind, Type: in.Type, Key: in.Key, EventID: in.EventID, Limit: in.Limit + 1,
	}
	var err error
	if f.MinAge, err = age("query.older_than", in.OlderThan); err != nil {
		return f, err
	}
	if f.MaxAge, err = age("query.younger_than", in.YoungerThan); err != nil {
		return f, err
	}
	if f.MaxAge > 0 && f.MinAge >= f.MaxAge {
		return f, httpkit.Invalid(httpkit.Fault{Location: "query.younger_than", Message: "must be more than older_than, or nothing fits"})
	}
	f.After, err = parseCursor(in.Cursor)
	return f, err
}

func age(location, text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, httpkit.Invalid(httpkit.Fault{Location: location, Message: "must be a duration above zero, as 90s or 24h"})
	}
	return d, nil
}

func cursorOf(p engine.LetterPlace) string {
	return httpkit.Cursor(cursorKind, strconv.FormatInt(p.DeadAt.UnixMicro(), 10)+" "+p.ID)
}

func parseCursor(cursor string) (engine.LetterPlace, error) {
	key, err := httpkit.ParseCursor(cursorKind, cursor)
	if err != nil || key == "" {
		return engine.LetterPlace{}, err
	}
	at, id, _ := strings.Cut(key, " ")
	micros, err := strconv.ParseInt(at, 10, 64)
	if err != nil || !engine.IsLetterID(id) {
		return engine.LetterPlace{}, httpkit.BadCursor()
	}
	return engine.LetterPlace{DeadAt: time.UnixMicro(micros), ID: id}, nil
}
