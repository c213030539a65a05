package plugin

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/served"
)

// givenAddresses are the flags --address, by binding.
type givenAddresses map[string][]givenAddress

// givenAddress is a host, with port 0 where none was given.
type givenAddress struct {
	host string
	port int32
}

// read reads the flags.
func (l *liveFlags) read() (givenAddresses, error) {
	given := givenAddresses{}
	for _, text := range l.addresses {
		binding, address, _ := strings.Cut(text, "=")
		parsed, ok := parseAddress(address)
		if binding == "" || !ok {
			return nil, fmt.Errorf("--address %q can't be one: write it BINDING=HOST[:PORT], such as ingress=47.1.2.3:443 or v6=[2001:db8::1]:443", text)
		}
		given[binding] = append(given[binding], parsed)
	}
	return given, nil
}

func parseAddress(text string) (address givenAddress, ok bool) {
	host, port, err := net.SplitHostPort(text)
	if err == nil {
		number, err := strconv.ParseUint(port, 10, 16)
		return givenAddress{host, int32(number)}, host != "" && err == nil && number > 0
	}
	host = strings.Trim(text, "[]")
	return givenAddress{host: host}, host != "" && (!strings.ContainsAny(host, ":/ ") || net.ParseIP(host) != nil)
}

// fit finds an address of no binding.
func (given givenAddresses) fit(objects []v1alpha1.ServerCertificate) error {
	for name := range given {
		if !slices.ContainsFunc(objects, func(o v1alpha1.ServerCertificate) bool {
			return slices.ContainsFunc(o.Spec.Bindings, func(b v1alpha1.Binding) bool { return b.Name == name })
		}) {
			return fmt.Errorf("--address %s=…: there is no binding of that name: the objects have %s", name, strings.Join(bindingsOf(objects), ", "))
		}
	}
	return nil
}

// of are the addresses given for a binding; one without a port has the binding's.
func (given givenAddresses) of(binding string, ports []int32) []string {
	var addresses []string
	for _, g := range given[binding] {
		if g.port != 0 {
			addresses = append(addresses, served.Address(g.host, g.port))
			continue
		}
		for _, port := range ports {
			addresses = append(addresses, served.Address(g.host, port))
		}
	}
	return addresses
}

// bindingsOf are the names of objects' bindings.
func bindingsOf(objects []v1alpha1.ServerCertificate) []string {
	names := []string{}
	for _, o := range objects {
		for _, b := range o.Spec.Bindings {
			names = append(names, b.Name)
		}
	}
	if len(names) == 0 {
		return []string{"none"}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
