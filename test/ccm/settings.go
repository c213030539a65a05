package ccm

import (
	"maps"

	corev1 "k8s.io/api/core/v1"

	"github.com/clbcert/clbcert/test/cloud"
)

// settings are those of an HTTP or HTTPS listener that annotations set, by the API's
// names. They are also what an update sends again, beside those that none sets.
var settings = map[string]string{
	"Scheduler":                   "loadbalancer-scheduler",
	"AclStatus":                   "loadbalancer-acl-status",
	"AclType":                     "loadbalancer-acl-type",
	"AclId":                       "loadbalancer-acl-id",
	"IdleTimeout":                 "loadbalancer-idle-timeout",
	"RequestTimeout":              "loadbalancer-request-timeout",
	"TLSCipherPolicy":             "loadbalancer-tls-cipher-policy",
	"EnableHttp2":                 "loadbalancer-http2-enabled",
	"StickySession":               "loadbalancer-sticky-session",
	"StickySessionType":           "loadbalancer-sticky-session-type",
	"Cookie":                      "loadbalancer-cookie",
	"CookieTimeout":               "loadbalancer-cookie-timeout",
	"XForwardedFor_proto":         "loadbalancer-xforwardedfor-proto",
	"XForwardedFor_SLBPORT":       "loadbalancer-xforwardedfor-slbport",
	"XForwardedFor_ClientSrcPort": "loadbalancer-xforwardedfor-clientsrcport",
	"HealthCheck":                 "loadbalancer-health-check-flag",
	"HealthCheckConnectPort":      "loadbalancer-health-check-connect-port",
	"HealthCheckDomain":           "loadbalancer-health-check-domain",
	"HealthCheckHttpCode":         "loadbalancer-health-check-httpcode",
	"HealthCheckInterval":         "loadbalancer-health-check-interval",
	"HealthCheckMethod":           "loadbalancer-health-check-method",
	"HealthCheckTimeout":          "loadbalancer-health-check-timeout",
	"HealthCheckURI":              "loadbalancer-health-check-uri",
	"HealthyThreshold":            "loadbalancer-healthy-threshold",
	"UnhealthyThreshold":          "loadbalancer-unhealthy-threshold",

	"Bandwidth":      "",
	"VServerGroupId": "",
}

// wantedSettings are those that the annotations set; empty ones set nothing.
func wantedSettings(service *corev1.Service, protocol string) map[string]string {
	wanted := map[string]string{}
	for setting, annotation := range settings {
		if annotation == "" || protocol != http && protocol != https && setting != "Scheduler" {
			continue
		}
		if value := get(service, annotation); value != "" {
			wanted[setting] = value
		}
	}
	return wanted
}

// withDefaults are a new listener's settings (setDefaultValueForListener).
func withDefaults(local cloud.Listener) map[string]string {
	all := map[string]string{"Scheduler": "rr"}
	if local.Protocol != http {
		all["Bandwidth"] = "-1"
	}
	if local.Protocol == http || local.Protocol == https {
		all["HealthCheck"], all["StickySession"] = "off", "off"
	}
	maps.Copy(all, local.Settings)
	return all
}

// resent are the settings that an update sends: those read, with those wanted over them.
func resent(local, remote cloud.Listener) (all map[string]string, changed bool) {
	all = map[string]string{"VServerGroup": "on"}
	for setting := range settings {
		if value := remote.Settings[setting]; value != "0" {
			all[setting] = value
		}
	}
	for setting, value := range local.Settings {
		changed = changed || remote.Settings[setting] != value
		all[setting] = value
	}
	return all, changed
}
