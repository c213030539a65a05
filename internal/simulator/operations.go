package simulator

// service is one of the APIs that the server speaks.
type service struct {
	version, host string
	regional      bool // needs a RegionId
}

var (
	slbAPI = service{version: "2014-05-15", host: "slb.aliyuncs.com", regional: true}
	stsAPI = service{version: "2015-04-01", host: "sts.aliyuncs.com"}
)

// answer is a successful response's elements, without RequestId.
type answer map[string]any

// operation is one action of a service.
type operation struct {
	service
	unsigned bool
	run      func(*Server, *call) (answer, error)
}

// operations are all the actions there are, by name.
var operations = map[string]operation{
	"DescribeRegions": {service: service{version: slbAPI.version, host: slbAPI.host}, run: describeRegions},

	"UploadServerCertificate":    {service: slbAPI, run: uploadServerCertificate},
	"DescribeServerCertificates": {service: slbAPI, run: describeServerCertificates},
	"DeleteServerCertificate":    {service: slbAPI, run: deleteServerCertificate},
	"SetServerCertificateName":   {service: slbAPI, run: setServerCertificateName},

	"TagResources":      {service: slbAPI, run: tagResources},
	"UntagResources":    {service: slbAPI, run: untagResources},
	"ListTagResources":  {service: slbAPI, run: listTagResources},
	"MoveResourceGroup": {service: slbAPI, run: moveResourceGroup},

	"CreateLoadBalancer":            {service: slbAPI, run: createLoadBalancer},
	"DeleteLoadBalancer":            {service: slbAPI, run: deleteLoadBalancer},
	"DescribeLoadBalancers":         {service: slbAPI, run: describeLoadBalancers},
	"DescribeLoadBalancerAttribute": {service: slbAPI, run: describeLoadBalancerAttribute},

	"CreateLoadBalancerTCPListener":              {service: slbAPI, run: createTCPListener},
	"CreateLoadBalancerHTTPListener":             {service: slbAPI, run: createHTTPListener},
	"CreateLoadBalancerHTTPSListener":            {service: slbAPI, run: createHTTPSListener},
	"StartLoadBalancerListener":                  {service: slbAPI, run: startListener},
	"DeleteLoadBalancerListener":                 {service: slbAPI, run: deleteListener},
	"DescribeLoadBalancerListeners":              {service: slbAPI, run: describeLoadBalancerListeners},
	"DescribeLoadBalancerHTTPSListenerAttribute": {service: slbAPI, run: describeHTTPSListenerAttribute},
	"SetLoadBalancerHTTPSListenerAttribute":      {service: slbAPI, run: setHTTPSListenerAttribute},

	"CreateDomainExtension":            {service: slbAPI, run: createDomainExtension},
	"SetDomainExtensionAttribute":      {service: slbAPI, run: setDomainExtensionAttribute},
	"DeleteDomainExtension":            {service: slbAPI, run: deleteDomainExtension},
	"DescribeDomainExtensions":         {service: slbAPI, run: describeDomainExtensions},
	"DescribeDomainExtensionAttribute": {service: slbAPI, run: describeDomainExtensionAttribute},

	"CreateRules": {service: slbAPI, run: createRules},
	"DeleteRules": {service: slbAPI, run: deleteRules},

	"GetCallerIdentity":  {service: stsAPI, run: getCallerIdentity},
	"AssumeRole":         {service: stsAPI, run: assumeRole},
	"AssumeRoleWithOIDC": {service: stsAPI, unsigned: true, run: assumeRoleWithOIDC},
}
