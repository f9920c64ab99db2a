-- +goose Up
-- The W3C trace context of the request that placed the order, in which all that the
-- order says later continues. Empty if there was none.
ALTER TABLE orders ADD COLUMN trace_parent text NOT NULL DEFAULT '';
