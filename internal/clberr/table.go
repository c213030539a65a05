package clberr

import "github.com/clbcert/clbcert/api/v1alpha1"

// What to do, where several codes share it.
const (
	adviseWait        = "Nothing to do: it is tried again."
	adviseStatus      = "If it lasts, look at the service's status page and at the network between the cluster and the endpoint."
	adviseSlower      = "Nothing to do: calls of this account slow down; lower --api-qps if it lasts."
	advisePair        = "Mend tls.crt and tls.key in the Secret."
	adviseKey         = "Issue the certificate with a key that this region takes: RSA of 2048 or 4096 bits."
	adviseTags        = "Mend spec.tags: keys of 1-64 and values of up to 128 characters, at most 17, without http://, https://, aliyun or acs: in front."
	adviseCAS         = "Mend spec.aliCloudCertificate: the id must be that of a certificate in Certificate Management Service."
	adviseCASRegion   = "Leave out spec.aliCloudCertificate.region, and name if it is still refused: with them the service may miss the id."
	adviseRegion      = "Use a region in which Classic Load Balancer exists and takes server certificates."
	adviseBug         = "Report it: the controller sent a request that the API doesn't take."
	adviseQuota       = "Delete certificates that nothing uses, or ask for more of the quota that the code names in the Quota Center."
	adviseBill        = "Pay the account's overdue bills."
	adviseCredentials = "Replace the credentials: access key, secret and token must belong together, be enabled and not expired; for a role check its ARN and trust policy."
	adviseClock       = "Set the clock of the node: the service takes 15 minutes of difference at most."
	adviseUnbind      = "Take the certificate off the listeners and domain extensions that serve it."
	adviseRules       = "Delete the forwarding rules that use the domain extension."
	adviseGone        = "Check that it exists in this region and account."
	adviseGrant       = "Grant the RAM action to the credentials' identity."
)

// Rows for errors that aren't told by a code of the table.
var (
	casRegion          = Row{Class: Terminal, Reason: v1alpha1.ReasonRejectedByCloud, Advice: adviseCASRegion}
	unavailable        = Row{Class: Transient, Reason: v1alpha1.ReasonCloudUnavailable, Advice: adviseStatus}
	forbidden          = Row{Class: Auth, Reason: v1alpha1.ReasonUnauthorized, Advice: adviseGrant}
	refusedCredentials = Row{Class: Auth, Reason: v1alpha1.ReasonCredentialsInvalid, Advice: adviseCredentials}
)

// Our own codes, for what the service didn't say but we must.
const (
	// CodeFingerprintMismatch: the uploaded certificate came back with a
	// fingerprint that isn't that of what was sent.
	CodeFingerprintMismatch = "FingerprintMismatch"
	// CodeInvalidRegion: the region can't be one or has no endpoint, and nothing
	// was sent.
	CodeInvalidRegion = "InvalidRegionId"
	// CodeMissingParameter: a needed value is empty, and no call was made. The
	// service uses the same code.
	CodeMissingParameter = "MissingParameter"
)

// table is the CLB API's error codes: those of its reference (2014-05-15), and
// those that cloud-provider-alibaba-cloud and terraform-provider-alicloud treat.
// Order: exact codes, prefixes, families.
var table = concat(
	exact(Transient, v1alpha1.ReasonCloudUnavailable, adviseWait,
		"SystemBusy", "ServiceIsConfiguring", "OperationBusy", "ProcessingSameRequest", "BackendServer.configuring",
		"ServiceIsStopping", "VServerGroupProcessing", "DomainExtensionProcessing", "IncorrectStatus.DomainExtension",
		"OperationFailed.ListenerStatusNotSupport", "OperationFailed.TokenIsProcessing", "SignatureNonceUsed"),
	exact(Transient, v1alpha1.ReasonCloudUnavailable, adviseStatus,
		"ServiceUnavailable", "InternalError", "InternalInvokeError", "SDK.TimeoutError", "SDK.JsonUnmarshalError"),
	exact(Transient, v1alpha1.ReasonCloudUnavailable, adviseClock, "InvalidTimeStamp.Expired", "IllegalTimestamp"),

	exact(InUse, v1alpha1.ReasonInUse, adviseUnbind,
		"CertificateAndPrivateKeyIsRefered", "CertificateRelatedDomainExtensionExist"),
	exact(InUse, v1alpha1.ReasonInUse, adviseRules, "DomainExtensionRelatedRuleExist"),

	exact(NotFound, v1alpha1.ReasonRejectedByCloud, adviseGone,
		"ServerCertificateId.NotFound", "InvalidParameter.ServerCertificateId", "InvalidParameter.DomainExtensionId",
		"InvalidResourceId.NotFound"),
	exact(NotFound, v1alpha1.ReasonLoadBalancerNotFound, adviseGone, "InvalidLoadBalancerId.NotFound"),
	exact(NotFound, v1alpha1.ReasonListenerNotFound, adviseGone, "ListenerNotFound"),

	exact(Terminal, v1alpha1.ReasonRejectedByCloud, advisePair,
		"CertificateFormatInvalid", "IllegalParam.ServerCertificate", "InvalidParameter", "CertificateNotMatchPrivateKey"),
	exact(Terminal, v1alpha1.ReasonKeyUnsupported, adviseKey,
		"KeyFormatError", "PrivateKeyEncryption", "OperationDenied.IllegalKeyLength", "EccCertificateNotSupport"),
	exact(Terminal, v1alpha1.ReasonRejectedByCloud, adviseTags,
		"InvalidParam.TagKey", "InvalidParam.TagValue", "MissingParam.TagKey", "SizeLimitExceeded.Tag",
		"TagCountLimit", "TagCreateCountLimit"),
	exact(Terminal, v1alpha1.ReasonRejectedByCloud, adviseCAS, "InvalidParameter.AliCloudCertificateId"),
	exact(Terminal, v1alpha1.ReasonRegionInvalid, adviseRegion,
		"InvalidRegionId.NotFound", "InvalidAction.RegionNotSupport", "RegionNotSupport", "ServerCertificate.NotSupport",
		CodeInvalidRegion),
	exact(Terminal, v1alpha1.ReasonRejectedByCloud, adviseBug,
		// TooManyListeners asks for a protocol (DeleteDomainExtension); it is no quota.
		CodeMissingParameter, "UnsupportedParameter", "UnsupportedOperation", "TooManyListeners"),
	exact(Terminal, v1alpha1.ReasonRejectedByCloud, "Look at what the message names: the resource or the account is locked.", "ActionNotAllowed"),
	exact(Terminal, v1alpha1.ReasonRejectedByCloud, adviseBill, "AccountHasArrearage", "ARREARAGE"),
	exact(Terminal, v1alpha1.ReasonRejectedByCloud,
		"Compare the certificate in the console with the Secret's; ask for a sync to upload it again.", CodeFingerprintMismatch),

	exact(Auth, v1alpha1.ReasonUnauthorized, adviseGrant,
		"UnauthorizedRegion", "Forbidden", "Forbidden.RAM", "Forbbiden.SubUser", "NoPermission"),
	exact(Auth, v1alpha1.ReasonCredentialsInvalid, adviseCredentials,
		"InvalidAccessKeyId.NotFound", "InvalidAccessKeyId.Inactive", "InvalidSecurityToken.Expired",
		"InvalidSecurityToken.Malformed", "InvalidSecurityToken.MismatchWithAccessKey",
		"EntityNotExist.Role", codeSignatureMismatch, codeIncompleteSignature),

	rows(Prefix, Throttled, v1alpha1.ReasonThrottled, adviseSlower, "Throttling"),
	rows(Prefix, Terminal, v1alpha1.ReasonRejectedByCloud, adviseBug, "MissingParameter.", "SDK."),
	rows(Contains, Quota, v1alpha1.ReasonQuotaExceeded, adviseQuota, "Quota", "LimitExceeded", "OverLimit", "TooMany"),
)

func exact(class Class, reason v1alpha1.Reason, advice string, codes ...string) []Row {
	return rows(Exact, class, reason, advice, codes...)
}

func rows(match Match, class Class, reason v1alpha1.Reason, advice string, codes ...string) []Row {
	out := make([]Row, 0, len(codes))
	for _, code := range codes {
		out = append(out, Row{Code: code, Match: match, Class: class, Reason: reason, Advice: advice})
	}
	return out
}

func concat(groups ...[]Row) []Row {
	var out []Row
	for _, group := range groups {
		out = append(out, group...)
	}
	return out
}
