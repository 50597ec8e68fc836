--- Functions that can pause and resume.
coroutine = {}

--- Creates a coroutine from a function. Start it with `coroutine.resume`.
---@param f function
---@return thread
function coroutine.create(f) end

--- Starts or resumes a coroutine. Returns true and what it yields or returns, or false and its error.
---@param co thread
---@return boolean, any
function coroutine.resume(co, ...) end

--- Returns the running coroutine, or nil in the main program.
---@return thread?
function coroutine.running() end

--- Returns "running", "suspended", "normal" or "dead".
---@param co thread
---@return string
function coroutine.status(co) end

--- Creates a coroutine and returns a function that resumes it.
---@param f function
---@return function
function coroutine.wrap(f) end

--- Pauses the running coroutine. `resume` returns its arguments.
---@param ... any
---@return any
function coroutine.yield(...) end
