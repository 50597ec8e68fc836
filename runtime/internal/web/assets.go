package web

import (
	"crypto/sha256"
	"encoding/hex"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
)

// asset is an embedded file. Its address holds the hash of its content, so browsers keep it
// and never use an old one.
type asset struct {
	content    []byte
	kind, hash string
}

func readAssets(from fs.FS) (map[string]asset, error) {
	all := map[string]asset{}
	entries, err := fs.ReadDir(from, "static")
	for _, e := range entries {
		content, failed := fs.ReadFile(from, "static/"+e.Name())
		if failed != nil {
			return nil, failed
		}
		sum := sha256.Sum256(content)
		all[e.Name()] = asset{content, kinds[path.Ext(e.Name())], hex.EncodeToString(sum[:6])}
	}
	return all, err
}

// kinds are the types of the files, which must not depend on the machine's own list.
var kinds = map[string]string{
	".css": mime.FormatMediaType("text/css", map[string]string{"charset": "utf-8"}),
	".js":  mime.FormatMediaType("text/javascript", map[string]string{"charset": "utf-8"}),
	".svg": "image/svg+xml",
}

func (s *Site) assetPath(name string) string {
	return s.path("/assets/" + name + "?v=" + s.assets[name].hash)
}

func (s *Site) serveAsset(w http.ResponseWriter, r *http.Request) {
	found, ok := s.assets[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", found.kind)
	if r.URL.Query().Get("v") == found.hash {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, _ = w.Write(found.content)
}

// icon draws one of the symbols of the layout.
func icon(name string, class ...string) template.HTML {
	of := ""
	if len(class) > 0 {
		of = " " + class[0]
	}
	return template.HTML(`<svg class="icon` + template.HTMLEscapeString(of) + `" aria-hidden="true"><use href="#i-` + template.HTMLEscapeString(name) + `"/></svg>`)
}
