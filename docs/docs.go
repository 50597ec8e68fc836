// Package docs embeds the guides, so that phscript can search and show them.
package docs

import "embed"

// Guides are the pages of this folder, in Markdown.
//
//go:embed *.md
var Guides embed.FS
