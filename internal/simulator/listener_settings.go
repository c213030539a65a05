package simulator

import (
	"maps"
	"slices"
	"strconv"
)

// listenerDefaults are the settings of an HTTPS listener by the API's names, with what the service takes when one isn't
// given; a number's type is that of its element in the answer (SDK services/slb). Other kinds of listeners have a part of
// them.
var listenerDefaults = map[string]any{
	"AclId": "", "AclStatus": "off", "AclType": "", "BackendProtocol": "", "BackendServerPort": 80, "Bandwidth": -1,
	"CACertificateId": "", "Cookie": "", "CookieTimeout": 0, "Description": "", "EnableHttp2": "on", "Gzip": "on",
	"HealthCheck": "off", "HealthCheckConnectPort": 0, "HealthCheckDomain": "", "HealthCheckHttpCode": "http_2xx",
	"HealthCheckHttpVersion": "", "HealthCheckInterval": 2, "HealthCheckMethod": "head", "HealthCheckTimeout": 5,
	"HealthCheckType": "http", "HealthCheckURI": "/", "HealthyThreshold": 3, "IdleTimeout": 15, "MaxConnection": 0,
	"RequestTimeout": 60, "Scheduler": "wrr", "StickySession": "off", "StickySessionType": "", "TLSCipherPolicy": "tls_cipher_policy_1_0",
	"UnhealthyThreshold": 3, "VServerGroupId": "", "XForwardedFor": "on", "XForwardedFor_SLBID": "off", "XForwardedFor_SLBIP": "off",
	"XForwardedFor_SLBPORT": "off", "XForwardedFor_proto": "off", "XForwardedFor_ClientSrcPort": "off",
	"XForwardedFor_ClientCertClientVerify": "off", "XForwardedFor_ClientCertFingerprint": "off", "XForwardedFor_ClientCertIssuerDN": "off",
	"XForwardedFor_ClientCertSubjectDN": "off",
	"ListenerForward":                   "off", "ForwardPort": 443,
}

// onOff are the settings that know nothing else.
var onOff = []string{"AclStatus", "EnableHttp2", "Gzip", "HealthCheck", "ListenerForward", "StickySession", "XForwardedFor"}

// listenerSettings reads those settings that are given.
func (p *params) listenerSettings() map[string]string {
	settings := map[string]string{}
	for name, fallback := range listenerDefaults {
		value := p.optional(name)
		if value == "" {
			continue
		}
		if _, number := fallback.(int); number {
			p.integer(name, 0, -1, 1_000_000)
		}
		if slices.Contains(onOff, name) {
			p.oneOf(name, "on", "off")
		}
		settings[name] = value
	}
	return settings
}

func mergeSettings(old, given map[string]string) map[string]string {
	merged := map[string]string{}
	maps.Copy(merged, old)
	maps.Copy(merged, given)
	return merged
}

// settingElements gives a listener's settings as elements, with defaults where nothing was set.
func (l listener) settingElements() answer {
	elements := answer{}
	for name, fallback := range listenerDefaults {
		elements[name] = fallback
		value, given := l.Settings[name]
		if !given {
			continue
		}
		elements[name] = value
		if _, number := fallback.(int); number {
			if n, err := strconv.Atoi(value); err == nil {
				elements[name] = n
			}
		}
	}
	return elements
}

func (l listener) forward() string {
	if l.Settings["ListenerForward"] == "on" {
		return "on"
	}
	return "off"
}

// forwardPort is where an HTTP listener sends its clients, 443 unless said; 0 for one that doesn't.
func (l listener) forwardPort() int {
	if l.forward() == "off" {
		return 0
	}
	if port, err := strconv.Atoi(l.Settings["ForwardPort"]); err == nil {
		return port
	}
	return 443
}
