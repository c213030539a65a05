package clb

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"

	"github.com/clbcert/clbcert/internal/clberr"
)

// regionID is what a region's ID looks like; nothing else gets into a host name.
var regionID = regexp.MustCompile(`^[a-z]{2}(-[a-z0-9]+)+$`)

// checkRegion refuses what can't be a region before anything is sent.
func checkRegion(action, region string) *clberr.Error {
	if regionID.MatchString(region) {
		return nil
	}
	message := strconv.Quote(region) + " isn't a region's ID, such as cn-hangzhou"
	if region == "" {
		message = "no region is given"
	}
	return clberr.New(action, clberr.CodeInvalidRegion, message, "", 0, clberr.NotSent)
}

// domain is the host, port and path of the CLB endpoint for region, in the
// SDK's form: without a scheme. The location service is never asked.
func (c *Client) domain(region string) string {
	switch {
	case c.endpoint != nil:
		return c.endpoint.Host + strings.TrimSuffix(c.endpoint.Path, "/")
	case c.config.VPC:
		return "slb-vpc." + region + ".aliyuncs.com"
	}
	if central, ok := slb.GetEndpointMap()[region]; ok {
		return central
	}
	return "slb." + region + ".aliyuncs.com"
}

// isByRule tells whether domain only guesses that region has an endpoint.
func (c *Client) isByRule(region string) bool {
	_, known := slb.GetEndpointMap()[region]
	return c.endpoint == nil && (c.config.VPC || !known)
}

// noEndpoint is the error where the host that the rule makes of region doesn't exist.
func noEndpoint(action, region, host string) *clberr.Error {
	return clberr.New(action, clberr.CodeInvalidRegion, "there is no endpoint "+host+
		": either "+region+" is no region, or the cluster's DNS doesn't know it", "", 0, clberr.NotSent)
}

// stsHost is the host of STS (STS API reference, "Endpoints").
func stsHost(region string, vpc bool) string {
	switch {
	case !regionID.MatchString(region):
		return "sts.aliyuncs.com"
	case vpc:
		return "sts-vpc." + region + ".aliyuncs.com"
	default:
		return "sts." + region + ".aliyuncs.com"
	}
}
