// Package model checks the saga exhaustively: its tests drive the real deciders
// of order, inventory and payment through every state that faults can bring
// them to, and ask in each state whether the promises G1, G2 and G3 hold.
//
// # What may happen
//
// What is under way (an event to one of its readers, a call to the gateway,
// the outcome of a call) is a set that only grows, and anything in it may
// happen at any moment. That one rule is every fault of the network and of
// processes at once: late and reordered is later, duplicated is again, lost
// (also after the acknowledgement) and crashed (between commit and publish,
// before the call, after it) is never, and any number of replicas may be in the
// middle of anything. On top of it the customer may cancel, the deadline may
// pass, stock may arrive and prices change at any moment, the gateway may
// capture or decline, and it may forget its keys: then every intent is an old
// one, and no process is left between looking a charge up and making it.
//
// # What must hold
//
// G2 and G3 are asked of every state. G1 is asked of every state with nothing
// under way, as after a crash of everything and the loss of all messages: from
// there redrive alone, without the deadline's help, has to close the order. A
// state with more under way can do the same by leaving the rest for later. In a
// calm world, where everything happens once, orders have to close without a
// redrive.
//
// Deciders are pure, so each is asked once for each pair of row and event, and
// rows are kept as small numbers. Times, and reasons that nobody reads, are
// left out of them.
package model
