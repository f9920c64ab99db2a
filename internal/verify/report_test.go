package verify

import (
	"slices"
	"testing"
)

func TestReport_confirming(t *testing.T) {
	t.Parallel()
	gone := Finding{InAgreement, "end_not_told", "a", "", "the first time"}
	stays := Finding{NoOversell, "below_zero", "", "MUG", "-1"}
	worse := Finding{NoOversell, "below_zero", "", "MUG", "-2"}
	fresh := Finding{NothingLost, "not_closed", "b", "", "the second time"}
	report := func(faults int, f ...Finding) Report { return Report{Findings: f, Faults: faults} }

	got := report(2, worse, fresh).confirming(report(2, gone, stays))
	if !slices.Equal(got.Findings, []Finding{worse}) || got.Faults != 1 {
		t.Errorf("got %+v, want what both looks found, as it is now", got)
	}
	if got := report(1, fresh).confirming(report(1, gone)); !got.Clean() {
		t.Errorf("got %+v, want nothing", got)
	}
	if got := report(5, fresh).confirming(report(1, gone)); got.Faults != 5 {
		t.Errorf("got %+v, want nothing ruled out when not all findings are known", got)
	}
}
