package simulator

import (
	"maps"
	"slices"
)

// region is a row of DescribeRegions.
type region struct {
	localName string
	noECC     bool // certificates with EC keys are refused
}

// regions are those of the product's page "Regions and zones" (a part of them). Which of them refuse EC certificates
// is own choice: the reference says only that some do.
var regions = map[string]region{
	"cn-qingdao":     {localName: "China (Qingdao)"},
	"cn-beijing":     {localName: "China (Beijing)"},
	"cn-zhangjiakou": {localName: "China (Zhangjiakou)"},
	"cn-huhehaote":   {localName: "China (Hohhot)"},
	"cn-wulanchabu":  {localName: "China (Ulanqab)"},
	"cn-hangzhou":    {localName: "China (Hangzhou)"},
	"cn-shanghai":    {localName: "China (Shanghai)"},
	"cn-shenzhen":    {localName: "China (Shenzhen)"},
	"cn-heyuan":      {localName: "China (Heyuan)"},
	"cn-guangzhou":   {localName: "China (Guangzhou)"},
	"cn-chengdu":     {localName: "China (Chengdu)"},
	"cn-hongkong":    {localName: "China (Hong Kong)"},
	"ap-northeast-1": {localName: "Japan (Tokyo)"},
	"ap-northeast-2": {localName: "South Korea (Seoul)"},
	"ap-southeast-1": {localName: "Singapore"},
	"ap-southeast-3": {localName: "Malaysia (Kuala Lumpur)"},
	"ap-southeast-5": {localName: "Indonesia (Jakarta)"},
	"ap-southeast-6": {localName: "Philippines (Manila)", noECC: true},
	"ap-southeast-7": {localName: "Thailand (Bangkok)"},
	"us-east-1":      {localName: "US (Virginia)"},
	"us-west-1":      {localName: "US (Silicon Valley)"},
	"eu-west-1":      {localName: "UK (London)"},
	"eu-central-1":   {localName: "Germany (Frankfurt)"},
	"me-east-1":      {localName: "UAE (Dubai)", noECC: true},
}

func describeRegions(*Server, *call) (answer, error) {
	rows := []answer{}
	for _, id := range slices.Sorted(maps.Keys(regions)) {
		rows = append(rows, answer{
			"RegionId": id, "LocalName": regions[id].localName, "RegionEndpoint": "slb." + id + ".aliyuncs.com",
		})
	}
	return answer{"Regions": answer{"Region": rows}}, nil
}
