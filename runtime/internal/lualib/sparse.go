package lualib

import lua "github.com/yuin/gopher-lua"

// maxListItems is the length up to which a table's whole-number keys may lie in
// its list part.
const maxListItems = 1 << 24

// gopher-lua lets a key below MaxArrayIndex, 67 million at first, lengthen the
// list part of a table up to that key: one entry under a day such as 20240115
// took 320 MB. With a lower bound such keys go into the table's hash part. The
// price is that # does not count the items of a list beyond the bound, which
// the usual memory limit ends before. The variable belongs to the whole process
// and is read by every state, so it is set once, before there is any.
func init() { lua.MaxArrayIndex = maxListItems }
