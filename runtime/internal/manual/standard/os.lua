--- Time and files, as far as the script has access.
os = {}

--- Returns the CPU seconds used since the script started.
---@return number
function os.clock() end

--- Formats a time, such as `os.date("%Y-%m-%d")`. `"*t"` returns a table; a leading `!` means UTC. The module `time` does more.
---@param format string?
---@param time number?
---@return string|table
function os.date(format, time) end

--- Returns the seconds between two times.
---@param t2 number
---@param t1 number?
---@return number
function os.difftime(t2, t1) end

--- Not available: scripts cannot start programs.
---@param command string?
function os.execute(command) end

--- Ends the script with an exit code (default 0).
---@param code integer|boolean|nil
function os.exit(code) end

--- Returns an environment variable that was declared for scripts, otherwise nil. The module `env` explains why.
---@param name string
---@return string?
function os.getenv(name) end

--- Deletes a file. Returns true, or nil and a message.
---@param filename string
---@return boolean?, string?
function os.remove(filename) end

--- Renames a file. Returns true, or nil and a message.
---@param from string
---@param to string
---@return boolean?, string?
function os.rename(from, to) end

--- Supports only the locale "C".
---@param locale string?
---@param category string?
---@return string?
function os.setlocale(locale, category) end

--- Returns seconds since 1970, for now or for a table with year, month and day.
---@param t table?
---@return number
function os.time(t) end

--- Creates an empty file in the folder `out`, or the last one that the script can write to, and returns its name. The end of the run deletes the file.
---@return string
function os.tmpname() end
