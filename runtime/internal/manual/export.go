package manual

import (
	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
)

// ExportVersion is the version of Export's form. Adding fields keeps it;
// removing one or changing its meaning raises it.
const ExportVersion = 1

// Export is the manual as JSON for other programs.
type Export struct {
	// Version is ExportVersion.
	Version int `json:"version"`
	// Program is the version of phscript that it describes.
	Program string `json:"program"`
	// Types explains the types of properties, Hosts the hosts of operations.
	Types map[catalog.Type]string `json:"types,omitzero"`
	Hosts map[catalog.Host]string `json:"hosts,omitzero"`
	// Topics are in the manual's order: a module, then its members.
	Topics []ExportTopic `json:"topics"`
	// Guides are the sections that a search found, by relevance, or all of
	// them, page by page.
	Guides []ExportSection `json:"guides,omitzero"`
}

// ExportSection is a section of a guide.
type ExportSection struct {
	// Name is the page and the heading, as in a link: "script-guide#filter".
	Name    string `json:"name"`
	Guide   string `json:"guide"`
	Heading string `json:"heading"`
	// Text is Markdown.
	Text string `json:"text"`
}

// ExportTopic is one topic. Its kind decides which fields after Doc are set.
type ExportTopic struct {
	Name    string `json:"name"`
	Kind    Kind   `json:"kind"`
	Summary string `json:"summary"`
	// Doc is Markdown.
	Doc string `json:"doc,omitzero"`
	// Module is the module that it belongs to, "" for globals.
	Module string `json:"module,omitzero"`

	// Require is set on modules that are not globals, Library on Lua's own.
	Require bool `json:"require,omitzero"`
	Library bool `json:"library,omitzero"`
	// Members are the topics in a module or a model, and a record's properties.
	Members []string `json:"members,omitzero"`

	Function *ExportFunction `json:"function,omitzero"`
	// Type is a value's.
	Type spec.Type `json:"type,omitzero"`
	// Fields are those of a table that is not a record of a model.
	Fields   []spec.Field    `json:"fields,omitzero"`
	Model    *ExportModel    `json:"model,omitzero"`
	Property *ExportProperty `json:"property,omitzero"`
}

// ExportFunction is a function's spec. Types are written as in LuaCATS.
type ExportFunction struct {
	Signature  string        `json:"signature"`
	Params     []spec.Param  `json:"params"`
	Variadic   bool          `json:"variadic,omitzero"`
	Returns    []spec.Return `json:"returns"`
	Errors     string        `json:"errors,omitzero"`
	Example    string        `json:"example,omitzero"`
	Deprecated string        `json:"deprecated,omitzero"`
	// Note is the API documentation's remark on the request.
	Note string `json:"note,omitzero"`
}

// ExportModel is what the catalog says about a model.
type ExportModel struct {
	// Table is the name of its records' table, such as "Company".
	Table      string             `json:"table"`
	Path       string             `json:"path"`
	Host       catalog.Host       `json:"host"`
	Confidence catalog.Confidence `json:"confidence"`
	Keys       ExportKeys         `json:"keys"`
	Required   ExportRequired     `json:"required"`
	Operations []ExportOperation  `json:"operations"`
	Notes      []string           `json:"notes,omitzero"`
}

// ExportKeys are the keys that address a record.
type ExportKeys struct {
	Get    []string `json:"get,omitzero"`
	Update []string `json:"update,omitzero"`
	Delete []string `json:"delete,omitzero"`
	Bulk   []string `json:"bulk,omitzero"`
}

// ExportRequired is what a new record needs.
type ExportRequired struct {
	All        []string `json:"all,omitzero"`
	OneOf      []string `json:"one_of,omitzero"`
	Suggested  []string `json:"suggested,omitzero"`
	BulkCreate []string `json:"bulk_create,omitzero"`
}

// ExportOperation is a request. A limit of 0 is unknown.
type ExportOperation struct {
	Name         string       `json:"name"`
	Method       string       `json:"method"`
	Path         string       `json:"path"`
	Host         catalog.Host `json:"host"`
	PageDefault  int          `json:"page_default,omitzero"`
	PageMax      int          `json:"page_max,omitzero"`
	MaxItems     int          `json:"max_items,omitzero"`
	MaxBodyBytes int          `json:"max_body_bytes,omitzero"`
	Note         string       `json:"note,omitzero"`
}

// ExportProperty is a property of a model.
type ExportProperty struct {
	Type       catalog.Type       `json:"type"`
	Required   bool               `json:"required,omitzero"`
	ReadOnly   bool               `json:"read_only,omitzero"`
	Ref        string             `json:"ref,omitzero"`
	Enum       []string           `json:"enum,omitzero"`
	Confidence catalog.Confidence `json:"confidence"`
	Origin     string             `json:"origin,omitzero"`
}
