package gateway_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"orderly/payment"
	"orderly/payment/gateway"
)

// killedLedger names the ledger in the environment of the process that is to be killed.
const killedLedger = "ORDERLY_TEST_KILLED_LEDGER"

// Every charge that was answered is in the ledger of a process that was killed in the middle of charging.
func TestSimulated_SurvivesKill(t *testing.T) {
	t.Parallel()
	if path := os.Getenv(killedLedger); path != "" {
		chargeUntilKilled(t, path)
	}
	path := filepath.Join(t.TempDir(), "ledger.db")
	answered := killAfter(t, path, 200)

	g := start(t, openSQLite(t, path), gateway.Settings{})
	for orderID, chargeID := range answered {
		c, found, err := g.FindByOrder(t.Context(), orderID)
		if err != nil || !found || c.ID != chargeID || c.Status != payment.ChargeCaptured {
			t.Fatalf("order %s was answered with charge %s, the ledger says %+v, %v, %v", orderID, chargeID, c, found, err)
		}
	}
}

// killAfter runs this test in another process, kills it after n answers and returns all it gave, the id of the
// charge by order.
func killAfter(t *testing.T, path string, n int) map[string]string {
	t.Helper()
	victim := exec.Command(os.Args[0], "-test.run=^TestSimulated_SurvivesKill$")
	victim.Env = append(os.Environ(), killedLedger+"="+path)
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	answered := map[string]string{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		orderID, chargeID, isAnswer := strings.Cut(lines.Text(), " ch_")
		if isAnswer {
			answered[orderID] = "ch_" + chargeID
		}
		if len(answered) == n {
			if err := victim.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	if err := victim.Wait(); err == nil || len(answered) < n {
		t.Fatalf("the process ended by itself after %d answers: %v", len(answered), err)
	}
	return answered
}

func chargeUntilKilled(t *testing.T, path string) {
	g := start(t, openSQLite(t, path), gateway.Settings{})
	for i := 0; ; i++ {
		orderID := fmt.Sprintf("o-%d", i)
		fmt.Printf("%s %s\n", orderID, charge(t, g, request(orderID, "pm_card_visa")).ID)
	}
}
