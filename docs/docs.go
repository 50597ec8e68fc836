// Package docs embeds the guides, so that phscript can search and show them.
package docs

import "embed"

// Guides are the pages of this folder, in Markdown, and those of the connectors.
//
//go:embed *.md connectors/*.md
var Guides embed.FS
