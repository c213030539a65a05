// Command helm packs a chart as "helm package" does, by Helm's own library: with the release's version, and with one
// time for all files, so that the same chart gives the same bytes. It is a module of its own, so that Helm stays out of
// the product's go.mod, and it has no more of Helm than that: the whole program takes minutes to build.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
)

func main() {
	version := flag.String("version", "", "the `VERSION` of the chart, and of the image that it installs")
	seconds := flag.Int64("time", 0, "the time of its files, in `SECONDS` since 1970")
	destination := flag.String("destination", ".", "the `FOLDER` for the package")
	flag.Parse()
	if err := pack(flag.Arg(0), *version, *destination, time.Unix(*seconds, 0).UTC()); err != nil {
		fmt.Fprintln(os.Stderr, "helm:", err)
		os.Exit(1)
	}
}

func pack(folder, version, destination string, at time.Time) error {
	chart, err := loader.LoadDir(folder)
	if err != nil {
		return fmt.Errorf("loading %s: %w", folder, err)
	}
	chart.Metadata.Version, chart.Metadata.AppVersion = version, version
	chart.StampModTimes(at)
	_, err = chartutil.Save(chart, destination)
	return err
}
