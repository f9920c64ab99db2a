// Package adoption tells how far the readers of an event have moved from one of
// its versions to the next, and judges whether a version may be retired.
package adoption

import "time"

// State is who says and who reads the versions of one event.
type State struct {
	Event    string    `json:"event"`
	Versions []Version `json:"versions" nullable:"false" doc:"The oldest first"`
	Speakers []Speaker `json:"speakers" nullable:"false" doc:"The replicas that run and say the event"`
	Readers  []Reader  `json:"readers" nullable:"false" doc:"Each consumer once for each version that its filters let through"`
}

// Version is one version as the stream holds it.
type Version struct {
	Version int       `json:"version"`
	Retired bool      `json:"retired" doc:"This build neither says nor reads it"`
	First   time.Time `json:"first,omitzero" doc:"When the oldest message of it came that the stream holds"`
	Last    time.Time `json:"last,omitzero" doc:"When the newest came"`
}

// Speaker is a replica that says the event.
type Speaker struct {
	Service  string `json:"service"`
	Instance string `json:"instance" doc:"The process"`
	Versions []int  `json:"versions" nullable:"false" doc:"In which versions"`
}

// Reader is a consumer that a version gets through to.
type Reader struct {
	Service   string    `json:"service,omitempty" doc:"Whose it is; absent if it belongs to none of Orderly's"`
	Consumer  string    `json:"consumer"`
	Stream    string    `json:"stream"`
	Version   int       `json:"version"`
	Durable   bool      `json:"durable" doc:"It stays while nobody pulls"`
	Every     bool      `json:"every" doc:"Its filters let the newest version through as well"`
	Pulls     int       `json:"pulls" doc:"How many pulls wait for messages: replicas are there"`
	InHand    int       `json:"in_hand" doc:"How many messages it got and has not answered"`
	Instances []string  `json:"instances,omitempty" doc:"The processes that say they read the version"`
	LastSeen  time.Time `json:"last_seen,omitzero" doc:"When something was last delivered to it or answered by it; now if it is there"`
	Unread    time.Time `json:"unread_since,omitzero" doc:"When the oldest message of the version came that it has not answered"`
	Lag       string    `json:"lag" doc:"For how long that has waited"`
	Left      bool      `json:"left" doc:"Its service hears the event by a consumer that is further; it goes once the version is retired"`
}

// Live reports whether somebody reads.
func (r Reader) Live() bool { return r.Pulls > 0 || len(r.Instances) > 0 }

// Open is an order that is not closed.
type Open struct {
	OrderID   string
	CreatedAt time.Time
}
