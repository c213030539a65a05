package v1alpha1

import (
	"crypto/sha256"
	"encoding/hex"
)

// Finalizer keeps an object until its certificates in the cloud are dealt with.
const Finalizer = "clbcert.dev/server-certificate"

// Annotations that people put on a ServerCertificate.
const (
	// AnnotationSyncRequestedAt asks for a sync now, also of what is stalled, by
	// any new value. The value is echoed in status.lastHandledSyncRequest.
	AnnotationSyncRequestedAt = "clbcert.dev/sync-requested-at"
	// AnnotationAdopt holds the ID of a certificate to take over instead of uploading.
	AnnotationAdopt = "clbcert.dev/adopt"
	// AnnotationAbandon, when "true", lets a Terminating object go and leaves the
	// cloud as it is. It has no effect before.
	AnnotationAbandon = "clbcert.dev/abandon"
)

// Tags on every certificate in the cloud that the controller uploaded.
const (
	// TagPrefix is what no key of spec.tags begins with.
	TagPrefix = "clbcert.dev/"
	// TagCluster holds the cluster id.
	TagCluster = TagPrefix + "cluster"
	// TagObject holds the object's ObjectTag.
	TagObject = TagPrefix + "object"
	// TagDigest holds the digest of what was uploaded.
	TagDigest = TagPrefix + "digest"
	// TagNamespaces, on a load balancer, names who may bind it.
	TagNamespaces = TagPrefix + "namespaces"
)

// maxTagValue is the longest tag value in characters that the API takes
// (UploadServerCertificate, Tag.N.Value).
const maxTagValue = 128

// ObjectTag is the value of TagObject: `<namespace>/<name>`; where that has over
// 128 characters, its first 115, `-`, and the first 12 hex digits of its SHA-256.
func ObjectTag(namespace, name string) string {
	full := namespace + "/" + name
	if len(full) <= maxTagValue {
		return full
	}
	sum := sha256.Sum256([]byte(full))
	return full[:115] + "-" + hex.EncodeToString(sum[:])[:12]
}

// AliCloudDigest is the digest of a certificate of Certificate Management
// Service, whose content never passes through the controller: SHA-256,
// lower-case hex, of the text `<region>/<id>`.
func AliCloudDigest(region, id string) string {
	sum := sha256.Sum256([]byte(region + "/" + id))
	return hex.EncodeToString(sum[:])
}
