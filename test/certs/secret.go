package certs

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Secret is a kubernetes.io/tls Secret with these two files.
func Secret(name, namespace string, certificate, privateKey []byte) *corev1.Secret {
	return &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Type:       corev1.SecretTypeTLS,
		Data:       map[string][]byte{corev1.TLSCertKey: certificate, corev1.TLSPrivateKeyKey: privateKey},
	}
}

// Secret holds the identity's chain, without the root, and its key as PKCS#8.
func (i *Identity) Secret(name, namespace string) (*corev1.Secret, error) {
	key, err := i.KeyPEM(PKCS8)
	if err != nil {
		return nil, err
	}
	return Secret(name, namespace, i.ChainPEM(), key), nil
}
