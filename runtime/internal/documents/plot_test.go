package documents

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The plot of the performance guide shows the ratios of its tables.
func TestPlotIsCurrent(t *testing.T) {
	bars := ratios(read(t, "docs/performance.md"), "## Records of a list", "## Imports")
	require.Greater(t, len(bars), 6)
	want := plot(bars)
	file := filepath.Join(root, "docs", "images", "ratios.svg")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
	}
	assert.True(t, read(t, "docs/images/ratios.svg") == want, "docs/images/ratios.svg "+regenerate)
}

// bar is a measured ratio to another program.
type bar struct {
	label string
	ratio float64
}

// ratios returns the columns named Ratio of the tables below some headings. The first
// cell of a row is its label, and that of the column before says what was measured.
func ratios(guide string, headings ...string) []bar {
	var bars []bar
	for _, heading := range headings {
		_, section, _ := strings.Cut(guide, heading+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		var header []string
		for line := range strings.Lines(section) {
			if !strings.HasPrefix(line, "|") {
				header = nil
				continue
			}
			cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(strings.ReplaceAll(cells[i], "`", ""))
			}
			if header == nil {
				header = cells
				continue
			}
			for i := range cells {
				ratio, err := strconv.ParseFloat(cells[i], 64)
				if err != nil || header[i] != "Ratio" {
					continue
				}
				label := strings.TrimPrefix(cells[0], "phscript, ")
				if before := header[i-1]; before == "CPU" || before == "Memory" {
					label += ": " + strings.ToLower(before)
					label = strings.ReplaceAll(label, "cpu", "CPU")
				}
				bars = append(bars, bar{label, ratio})
			}
		}
	}
	return bars
}

// Sizes of the plot in pixels.
const (
	plotLabels, plotUnit, plotRow = 400, 220, 26
	plotMost                      = 1.6
)

// plot draws ratios as bars beside a line at 1, which is the other program.
func plot(bars []bar) string {
	width, height := plotLabels+int(plotMost*plotUnit)+70, len(bars)*plotRow+62
	var b strings.Builder
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">\n", width, height, width, height)
	b.WriteString("<title>phscript's CPU time and memory, divided by the other program's</title>\n<style>text { font: 13px system-ui, sans-serif; fill: #d6deeb } .less { fill: #3fb950 } .more { fill: #d29922 } .peer { stroke: #8b949e; stroke-dasharray: 4 3 }</style>\n")
	fmt.Fprintf(&b, "<rect x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"9\" fill=\"#0d1117\" stroke=\"#30363d\"/>\n", width-1, height-1)
	for i, one := range bars {
		y := 18 + i*plotRow
		class := "less"
		if one.ratio > 1 {
			class = "more"
		}
		length := min(one.ratio, plotMost) * plotUnit
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", plotLabels-12, y+14, one.label)
		fmt.Fprintf(&b, "<rect class=%q x=\"%d\" y=\"%d\" width=\"%.0f\" height=\"%d\" rx=\"3\"/>\n", class, plotLabels, y+2, length, plotRow-9)
		fmt.Fprintf(&b, "<text x=\"%.0f\" y=\"%d\">%.2f</text>\n", float64(plotLabels)+length+6, y+14, one.ratio)
	}
	at, bottom := plotLabels+plotUnit, 18+len(bars)*plotRow
	fmt.Fprintf(&b, "<line class=\"peer\" x1=\"%d\" y1=\"12\" x2=\"%d\" y2=\"%d\"/>\n", at, at, bottom)
	fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">the other program</text>\n</svg>\n", at, bottom+20)
	return b.String()
}
