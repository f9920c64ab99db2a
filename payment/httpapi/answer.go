package httpapi

// GatewayStatus answers how this replica sees the gateway to who does not ask over
// HTTP.
func (s Service) GatewayStatus() any { return s.status() }
