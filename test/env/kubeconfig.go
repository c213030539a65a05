package env

import (
	"fmt"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// writeKubeconfig writes a kubeconfig file for config, by impersonation of user
// if one is given.
func writeKubeconfig(file string, config *rest.Config, user string) error {
	const name = "clbcert"
	err := clientcmd.WriteToFile(api.Config{
		Clusters: map[string]*api.Cluster{name: {
			Server: config.Host, CertificateAuthorityData: config.CAData,
		}},
		AuthInfos:      map[string]*api.AuthInfo{name: {Token: config.BearerToken, Impersonate: user}},
		Contexts:       map[string]*api.Context{name: {Cluster: name, AuthInfo: name}},
		CurrentContext: name,
	}, file)
	if err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	return nil
}
