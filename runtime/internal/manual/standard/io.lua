--- Files, as far as the script has access.
io = {}

--- Closes a file (default standard output).
---@param file userdata?
---@return boolean?, string?
function io.close(file) end

--- Writes buffered output to standard output.
---@return boolean?, string?
function io.flush() end

--- Sets or returns the file that `io.read` reads.
---@param file string|userdata|nil
---@return userdata
function io.input(file) end

--- Loops over the lines of a file: `for line in io.lines("file.txt") do`.
---@param filename string?
---@return function
function io.lines(filename) end

--- Opens a file: "r" reads, "w" overwrites, "a" appends; "r+", "w+" and "a+" read and write. Returns the file, or nil, a message and
--- the system's number of the error.
---@param filename string
---@param mode string?
---@return userdata?, string?, integer?
function io.open(filename, mode) end

--- Sets or returns the file that `io.write` writes to.
---@param file string|userdata|nil
---@return userdata
function io.output(file) end

--- Not available: scripts cannot start programs.
---@param command string
---@param mode string?
function io.popen(command, mode) end

--- Reads from standard input: "*l" a line, "*a" everything, "*n" a number, or a number of bytes.
---@param ... string|integer
---@return any
function io.read(...) end

--- Opens a temporary file for reading and writing. It is in memory, and is gone when the run ends.
---@return userdata
function io.tmpfile() end

--- Returns "file", "closed file", or nil if it is not a file.
---@param object any
---@return string?
function io.type(object) end

--- Writes strings and numbers to standard output, without separators.
---@param ... string|number
---@return userdata?, string?
function io.write(...) end

--- Standard error.
---@type userdata
io.stderr = nil

--- Standard input.
---@type userdata
io.stdin = nil

--- Standard output.
---@type userdata
io.stdout = nil
