package simulator

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxBody bounds a request: a chain with its key is some 20 KiB.
const maxBody = 1 << 20

// call is one request on its way through the server.
type call struct {
	requestID   string
	arrived     time.Time
	request     *http.Request
	query, form url.Values
	body        []byte

	action       string
	operation    operation
	params       params
	region       string
	caller       caller
	stringToSign string
	foreign      bool // the certificate that it makes has another's fingerprint: a fault
}

// format is that of the answer, XML unless JSON is asked for; a request that could not be read whole has it in its query.
func (c *call) format() string {
	asked := c.params.optional("Format")
	if asked == "" {
		asked = c.query.Get("Format")
	}
	if strings.EqualFold(asked, "JSON") || isV3(c.request) {
		return "JSON"
	}
	return "XML"
}

// receive reads the request's parameters, from query and form, and finds its action.
func (s *Server) receive(c *call) error {
	for _, step := range []func() error{c.readQuery, c.readForm, c.mergeParameters, c.findOperation} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) readQuery() (err error) {
	if c.query, err = url.ParseQuery(c.request.URL.RawQuery); err != nil {
		return refuse("InvalidParameter", "The query is not encoded as it should be.")
	}
	if c.request.Method != http.MethodGet && c.request.Method != http.MethodPost {
		return refuse("UnsupportedHTTPMethod", "This HTTP method is not supported.")
	}
	return nil
}

func (c *call) readForm() (err error) {
	if c.body, err = io.ReadAll(io.LimitReader(c.request.Body, maxBody+1)); err != nil {
		return refuse("InvalidParameter", "The body could not be read.")
	}
	if len(c.body) > maxBody {
		return refuse("RequestBodyTooLarge", "The body is larger than %d bytes.", maxBody)
	}
	media, _, _ := mime.ParseMediaType(c.request.Header.Get("Content-Type"))
	if media != "application/x-www-form-urlencoded" {
		return nil
	}
	if c.form, err = url.ParseQuery(string(c.body)); err != nil {
		return refuse("InvalidParameter", "The form is not encoded as it should be.")
	}
	return nil
}

// mergeParameters puts query and form together; of a name in both the form's value counts (SDK sdk/auth signs it so).
func (c *call) mergeParameters() error {
	c.params.values = map[string]string{}
	for _, source := range []url.Values{c.query, c.form} {
		for name, values := range source {
			if len(values) != 1 {
				return refuse("InvalidParameter", "The parameter %s is given more than once.", name)
			}
			c.params.values[name] = values[0]
		}
	}
	return nil
}

// findOperation takes action and version from the parameters, or from the headers of the newer signature.
func (c *call) findOperation() error {
	version := c.params.optional("Version")
	c.action = c.params.optional("Action")
	if isV3(c.request) {
		c.action, version = c.request.Header.Get("X-Acs-Action"), c.request.Header.Get("X-Acs-Version")
	}
	c.region = c.params.optional("RegionId")
	if c.action == "" {
		return refuse("MissingParameter", "The input parameter \"Action\" that is mandatory for processing this request is not supplied.")
	}
	var known bool
	if c.operation, known = operations[c.action]; !known {
		return refuse("InvalidAction.NotFound", "Specified api is not found, please check your url and method.")
	}
	if version != c.operation.version {
		return refuse("InvalidVersion", "Specified parameter Version is not valid.")
	}
	return nil
}

// checkRegion refuses a regional action without a region, or with one that there isn't.
func (c *call) checkRegion() error {
	if !c.operation.regional {
		return nil
	}
	if c.params.required("RegionId"); c.params.err != nil {
		return c.params.err
	}
	if _, known := regions[c.region]; !known {
		return refuse("InvalidRegionId.NotFound", "The specified region does not exist.")
	}
	return nil
}
