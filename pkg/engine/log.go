package engine

import (
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"orderly/pkg/logs"
)

// logVerdicts tells, once, what became of each input of a batch: that it was
// handled at debug, that it is tried again at warn, that it is a dead letter at
// error. A command that was refused is its caller's to know.
func (e *Engine) logVerdicts(r *result) {
	handled := e.log.Core().Enabled(zapcore.DebugLevel)
	for i, in := range r.inputs {
		err := r.refused[i]
		if err == nil && !handled || err != nil && in.awaited && !in.outcome && !isPanic(err) {
			continue
		}
		fields := append(e.fields(in), logs.Took(r.elapsed), zap.Int("inputs", len(r.inputs)))
		if err == nil {
			e.log.Debug("input was handled", fields...)
			continue
		}
		log := e.log.Warn
		if r.verdict[i].action == bury {
			log = e.log.Error
		}
		log("input was not handled", append(append(fields, zap.String("verdict", r.verdict[i].action.String())), errorFields(err)...)...)
	}
}

// fields names an input.
func (e *Engine) fields(in *Input) []zap.Field {
	fields := make([]zap.Field, 0, 16)
	fields = append(fields, zap.String("input", inputKindNames[in.kind()]), zap.String("correlation_id", in.Meta.CorrelationID), logs.TraceID(in.Meta.TraceParent))
	if in.Event != nil {
		fields = append(fields, zap.String("event_id", in.Event.ID), zap.String("event_type", in.Event.Type), zap.String(e.cfg.LogSubject, in.Event.Subject))
	}
	if in.letter != nil {
		fields = append(fields, zap.String("consumer", in.letter.consumer))
	}
	if in.attempts > 0 {
		fields = append(fields, zap.Int("attempts", in.attempts))
	}
	return fields
}
