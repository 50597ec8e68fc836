package config

import (
	"cmp"
	"path/filepath"
)

// schemaFile is the name of the file that 'phscript schema pull' writes, unless the
// setting schema names another one.
const schemaFile = "planhat.schema.json"

// SchemaPath returns where the tenant's schema is: beside the configuration file, or in
// the working directory dir if there is none.
func (c *Config) SchemaPath(dir string) string {
	name := cmp.Or(c.Schema, schemaFile)
	switch {
	case filepath.IsAbs(name):
		return name
	case c.File != "":
		return filepath.Join(filepath.Dir(c.File), name)
	}
	return filepath.Join(dir, name)
}

// ChooseSchema chooses the profile whose schema is meant, for commands that do not reach
// Planhat. Of several, there need not be a choice.
func (c *Config) ChooseSchema(name string, getenv func(string) (string, bool)) error {
	return c.Choose(Choice{Name: name, Simulated: true, Getenv: getenv})
}
