package documents

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// quickstartScript is the file that the README's first command runs.
const quickstartScript = "scripts/examples/quickstart.lua"

// The README's picture shows what its first command prints.
func TestPictureIsCurrent(t *testing.T) {
	want := picture("phscript run --simulate "+quickstartScript, quickstart(t))
	file := filepath.Join(root, "docs", "images", "quickstart.svg")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
	}
	assert.True(t, read(t, "docs/images/quickstart.svg") == want, "docs/images/quickstart.svg "+regenerate)
}

// Sizes of the picture in pixels.
const (
	cellWidth, lineHeight = 8.1, 19
	margin, titleHeight   = 18, 34
)

// pictureStyle has colors of its own for all it draws, so that the picture can
// be read on a light page and on a dark one. Lines appear one after the other;
// where nothing moves, all of them are there.
const pictureStyle = `
  text { font: 13.5px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d6deeb; white-space: pre }
  .prompt { fill: #7ee787 } .command { fill: #ffffff; font-weight: 600 } .title { fill: #8b949e } .label { fill: #8b949e }
  .number { fill: #79c0ff } .remark { fill: #e3b341 }
  @media (prefers-reduced-motion: no-preference) { .line { animation: appear 0.15s backwards } }
  @keyframes appear { from { opacity: 0 } }
`

// picture draws a terminal in which a command has printed a text, as SVG.
func picture(command, printed string) string {
	lines := strings.Split(strings.TrimSpace(printed), "\n")
	columns := utf8.RuneCountInString(command) + 2
	for _, l := range lines {
		columns = max(columns, utf8.RuneCountInString(l))
	}
	width := int(float64(columns)*cellWidth) + 2*margin
	height := titleHeight + (len(lines)+1)*lineHeight + 2*margin

	var b strings.Builder
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n<style>%s</style>\n",
		width, height, width, height, pictureStyle)
	fmt.Fprintf(&b, "<rect x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"9\" fill=\"#0d1117\" stroke=\"#30363d\"/>\n", width-1, height-1)
	for i, color := range []string{"#ff5f57", "#febc2e", "#28c840"} {
		fmt.Fprintf(&b, "<circle cx=\"%d\" cy=\"18\" r=\"6\" fill=\"%s\"/>\n", 20+20*i, color)
	}
	b.WriteString(line(0, 0, span("prompt", "$")+" "+span("command", command)))
	for i, l := range lines {
		b.WriteString(line(i+1, 0.6+0.07*float64(i), colored(l)))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// line draws a line of text, which appears some seconds after the start.
func line(number int, after float64, spans string) string {
	y := titleHeight + margin + number*lineHeight + 4
	return fmt.Sprintf("<text class=\"line\" style=\"animation-delay: %.2fs\" x=\"%d\" y=\"%d\" xml:space=\"preserve\">%s</text>\n", after, margin, y, spans)
}

func span(class, text string) string {
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(text)) // a Builder takes everything
	return fmt.Sprintf("<tspan class=\"%s\">%s</tspan>", class, escaped.String())
}

var (
	count  = regexp.MustCompile(`^(  [a-z]+ +)(\d+)$`)
	remark = regexp.MustCompile(`^  \S+ line \d+, `)
)

// colored gives the parts of a printed line their colors.
func colored(text string) string {
	if m := count.FindStringSubmatch(text); m != nil {
		return span("label", m[1]) + span("number", m[2])
	}
	if remark.MatchString(text) {
		return span("remark", text)
	}
	return span("text", text)
}
