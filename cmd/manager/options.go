package main

import (
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client/config"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/clbcert/clbcert/controllers"
)

// options are the manager's flags, and what it takes from the environment.
type options struct {
	clbEndpoint, stsEndpoint, clbCAFile string
	region                              string
	regions                             list
	clusterID                           string
	watchNamespaces                     list
	watchLabelSelector                  string
	concurrency                         int
	apiQPS                              float64
	apiBurst                            int
	apiTimeout                          time.Duration
	resyncInterval, consistencyWindow   time.Duration
	bindingPolicy, credentialsMapFile   string
	dryRun, leaderElect                 bool
	metricsAddress, probeAddress        string
	metricsSecure                       bool
	metricsCertDir                      string
	certificateQuota                    int
	servedInterval                      time.Duration
	pprofAddress                        string
	showVersion                         bool
	log                                 zap.Options

	selector labels.Selector
	roots    *x509.CertPool
	roles    []controllers.RoleRule
}

// list is a flag's list of values separated by commas.
type list []string

// String gives the list as it is written.
func (l *list) String() string { return strings.Join(*l, ",") }

// Set replaces the list; blanks around values are ignored.
func (l *list) Set(text string) error {
	*l = nil
	for value := range strings.SplitSeq(text, ",") {
		if value = strings.TrimSpace(value); value != "" {
			*l = append(*l, value)
		}
	}
	return nil
}

// flags declares all flags on o.
func (o *options) flags(output io.Writer) *flag.FlagSet {
	f := flag.NewFlagSet("clbcert", flag.ContinueOnError)
	f.SetOutput(output)
	f.StringVar(&o.clbEndpoint, "clb-endpoint", "", "`URL` of the CLB API, https only (default by region)")
	f.StringVar(&o.stsEndpoint, "sts-endpoint", "", "`URL` of the STS API, https only (default by region, or ALIBABA_CLOUD_STS_ENDPOINT)")
	f.StringVar(&o.clbCAFile, "clb-ca-file", "", "PEM `file` of the authorities to trust for both endpoints, instead of the system's")
	f.StringVar(&o.region, "region", "", "`region` of objects that name none")
	f.Var(&o.regions, "regions", "allowed `regions`, separated by commas (default all)")
	f.StringVar(&o.clusterID, "cluster-id", "", "`id` that certificates are tagged with (default the UID of the namespace kube-system)")
	f.Var(&o.watchNamespaces, "watch-namespaces", "`namespaces` to watch, separated by commas (default all)")
	f.StringVar(&o.watchLabelSelector, "watch-label-selector", "", "label `selector` of the ServerCertificates to watch (default all)")
	f.IntVar(&o.concurrency, "concurrency", 16, "how many objects of one account call the cloud at once")
	f.Float64Var(&o.apiQPS, "api-qps", 10, "cloud calls per second and account, 0 for no limit")
	f.IntVar(&o.apiBurst, "api-burst", 20, "cloud calls at once per account")
	f.DurationVar(&o.apiTimeout, "api-timeout", 10*time.Second, "time limit of one cloud call")
	f.DurationVar(&o.resyncInterval, "resync-interval", 10*time.Minute, "how often what seems in order, and what waits for somebody, is looked at again")
	f.DurationVar(&o.consistencyWindow, "consistency-window", 10*time.Second, "how long the cloud's lists may lag behind an upload or a deletion")
	f.StringVar(&o.bindingPolicy, "binding-policy", "Tagged", "who may bind a listener with the manager's own credentials: Tagged or Any")
	f.StringVar(&o.credentialsMapFile, "credentials-map", "", "YAML `file` that gives namespaces RAM roles to act with")
	f.BoolVar(&o.dryRun, "dry-run", false, "write nothing to the cloud, and say what would be written")
	f.BoolVar(&o.leaderElect, "leader-elect", false, "work only while holding the Lease clbcert in POD_NAMESPACE, else clbcert-system")
	f.StringVar(&o.metricsAddress, "metrics-bind-address", "0", "`address` of the metrics, 0 for none")
	f.BoolVar(&o.metricsSecure, "metrics-secure", true, "serve the metrics over TLS, to whom the API server lets get the path /metrics; on a loopback address only where said")
	f.StringVar(&o.metricsCertDir, "metrics-cert-dir", "", "`folder` with tls.crt and tls.key for the metrics (default: a self-signed certificate)")
	f.IntVar(&o.certificateQuota, "certificate-quota", 100, "certificates that an account may have in a region, for the metric of that name: the API doesn't tell")
	f.DurationVar(&o.servedInterval, "served-certificate-interval", 0, "how often each ready binding is asked, by a TLS handshake, for the metric clbcert_served_certificate_match; 0 for never")
	f.StringVar(&o.probeAddress, "health-probe-bind-address", "0", "`address` of /healthz and /readyz, 0 for none")
	f.StringVar(&o.pprofAddress, "pprof-bind-address", "0", "loopback `address` of profiles at /debug/pprof, 0 for none")
	f.BoolVar(&o.showVersion, "version", false, "print the version and exit")
	config.RegisterFlags(f)
	o.log.BindFlags(f)
	return f
}

// parse reads the flags, and checks what can be checked without asking anybody.
func parse(args []string, getenv func(string) string, help io.Writer) (*options, error) {
	o := &options{log: zap.Options{StacktraceLevel: zapcore.PanicLevel}} // an error says what is wrong by itself
	flags := o.flags(io.Discard)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(help)
		flags.Usage()
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w; --help lists the flags", err)
	case flags.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q; --help lists the flags", flags.Arg(0))
	}
	o.openOnLoopback(flags)
	if host := getenv("ALIBABA_CLOUD_STS_ENDPOINT"); o.stsEndpoint == "" && host != "" {
		o.stsEndpoint = "https://" + strings.TrimPrefix(host, "https://")
	}
	return o, o.check()
}

var (
	regionForm = regexp.MustCompile(`^[a-z]{2}(-[a-z0-9]+)+$`)
	// clusterIDForm is what a tag's value may be, and what stays readable there.
	clusterIDForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$`)
)

// check finds the first value that can't be, and reads the files.
func (o *options) check() error {
	for _, check := range []func() error{o.checkRegions, o.checkNumbers, o.checkNames, o.checkPprofAddress, o.readCredentialsMap, o.readRoots} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (o *options) checkRegions() error {
	for _, region := range append([]string{o.region}, o.regions...) {
		if region != "" && !regionForm.MatchString(region) {
			return fmt.Errorf("--region, --regions: %q is no region: write it like cn-hangzhou", region)
		}
	}
	return nil
}

func (o *options) checkNumbers() error {
	switch {
	case o.concurrency < 1:
		return fmt.Errorf("--concurrency is %d: it must be at least 1", o.concurrency)
	case o.apiQPS < 0 || o.apiBurst < 1:
		return fmt.Errorf("--api-qps is %v and --api-burst %d: they must be at least 0 and 1", o.apiQPS, o.apiBurst)
	case o.certificateQuota < 1:
		return fmt.Errorf("--certificate-quota is %d: it must be at least 1", o.certificateQuota)
	case o.servedInterval != 0 && o.servedInterval < time.Second:
		return fmt.Errorf("--served-certificate-interval is %s: it must be 0, for never, or at least 1s", o.servedInterval)
	case o.apiTimeout <= 0 || o.resyncInterval <= 0 || o.consistencyWindow < 0:
		return errors.New("--api-timeout, --resync-interval and --consistency-window must be positive durations, such as 10s")
	default:
		return nil
	}
}

func (o *options) checkNames() (err error) {
	if o.bindingPolicy != "Tagged" && o.bindingPolicy != "Any" {
		return fmt.Errorf("--binding-policy is %q: it must be Tagged or Any", o.bindingPolicy)
	}
	if o.clusterID != "" && (!clusterIDForm.MatchString(o.clusterID) || reserved(o.clusterID)) {
		return fmt.Errorf("--cluster-id %q can't be the value of a tag: use 1-128 letters, digits, '.', '_', ':', '/' and '-', and neither begin with aliyun or acs: nor contain http:// or https://", o.clusterID)
	}
	if o.selector, err = labels.Parse(o.watchLabelSelector); err != nil {
		return fmt.Errorf("--watch-label-selector: %w", err)
	}
	return nil
}

// checkPprofAddress keeps profiles from the network: anybody could ask for them.
func (o *options) checkPprofAddress() error {
	if o.pprofAddress == "0" {
		return nil
	}
	if !isLoopback(o.pprofAddress) {
		return fmt.Errorf("--pprof-bind-address is %q: it must be 0, or a loopback address with a port, such as 127.0.0.1:6060", o.pprofAddress)
	}
	return nil
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback())
}

// openOnLoopback serves metrics without TLS where no flag says otherwise and only this pod can
// reach them, as for a proxy beside the manager.
func (o *options) openOnLoopback(flags *flag.FlagSet) {
	said := false
	flags.Visit(func(f *flag.Flag) { said = said || f.Name == "metrics-secure" || f.Name == "metrics-cert-dir" })
	o.metricsSecure = o.metricsSecure && (said || !isLoopback(o.metricsAddress))
}

// reserved tells what the API takes in no tag's value.
func reserved(value string) bool {
	return strings.HasPrefix(value, "aliyun") || strings.HasPrefix(value, "acs:") ||
		strings.Contains(value, "http://") || strings.Contains(value, "https://")
}

// readRoots reads --clb-ca-file.
func (o *options) readRoots() error {
	if o.clbCAFile == "" {
		return nil
	}
	pem, err := os.ReadFile(o.clbCAFile)
	if err != nil {
		return fmt.Errorf("--clb-ca-file: %w", err)
	}
	o.roots = x509.NewCertPool()
	if !o.roots.AppendCertsFromPEM(pem) {
		return fmt.Errorf("--clb-ca-file: %s holds no certificate in PEM", o.clbCAFile)
	}
	return nil
}
