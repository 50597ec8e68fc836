--- Loaded modules, and where `require` looks for more.
package = {}

--- Not available: there are no C libraries.
---@param path string
---@param name string
function package.loadlib(path, name) end

--- Lets a module see the globals.
---@deprecated return a table from the file
---@param module table
function package.seeall(module) end

--- How paths are written.
---@type string
package.config = ""

--- Empty: there are no C libraries.
---@type string
package.cpath = ""

--- The modules that were loaded, by name.
---@type table
package.loaded = {}

--- Functions that find a module by its name. `require` also calls those that you add. Each returns a function that loads the module, or
--- a string that says why there is none.
---@type table
package.loaders = {}

--- Where `require` looks, relative to the script's folder: templates separated by semicolons, in which `?` stands for the module's name.
---@type string
package.path = ""

--- Functions that create a module, by its name. `require` looks here first.
---@type table
package.preload = {}
